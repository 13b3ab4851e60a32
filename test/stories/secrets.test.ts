/** Secrets of every kind, and how they are changed without a logout. */

import Koa from "koa";
import { afterAll, describe, expect, it, vi } from "vitest";
import session from "../../src/adapters/koa/index.ts";
import { copy } from "../../src/features/copy.ts";
import { fetched } from "../../src/features/fetched.ts";
import type { Secrets, SessionEvent, SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../support/secrets.ts";

const bytes = (secret: string) => new TextEncoder().encode(secret);
const hkdf = (secret: string, usages: KeyUsage[] = ["deriveBits"]) =>
  crypto.subtle.importKey("raw", bytes(secret), "HKDF", false, usages);

afterAll(closeServers);

/** One visitor, and two servers that were deployed one after the other. */
function twoServers(before: Partial<SessionOptions>, after: Partial<SessionOptions>) {
  const events: SessionEvent[] = [];
  const first = makeApp(before);
  const second = makeApp({ ...after, onEvent: (event) => events.push(event) });
  const move = (from: Browser, to: Browser) => {
    to.cookies.clear();
    for (const [name, held] of from.cookies) to.cookies.set(name, held);
  };
  return {
    events,
    onFirst: async <Result>(act: Parameters<typeof first.does<Result>>[0]) => {
      move(second.browser, first.browser);
      return first.does(act);
    },
    onSecond: async <Result>(act: Parameters<typeof first.does<Result>>[0]) => {
      move(first.browser, second.browser);
      return second.does(act);
    },
  };
}

describe.each([
  ["in the cookie", () => ({})],
  ["in a store", () => ({ store: memory() })],
])("a new secret, with sessions %s", (_where, keptIn) => {
  it("rolls out over two servers without a logout: [old, new], then [new, old]", async () => {
    const kept = keptIn();
    const both = { ...kept, secrets: [OLD_SECRET, SECRET] };
    const { onFirst, onSecond, events } = twoServers(both, { ...kept, secrets: [SECRET, OLD_SECRET] });
    await onFirst((visitor) => visitor.login("alice"));
    expect(await onSecond((visitor) => visitor.subject)).toBe("alice");
    expect(events).toContainEqual(expect.objectContaining({ type: "key-used" }));
    events.length = 0;
    // The next response brought a token of the new key, which the server that is not replaced yet opens, too.
    expect(await onFirst((visitor) => visitor.subject)).toBe("alice");
  });

  it("needs no old one once every token was made again", async () => {
    const kept = keptIn();
    const { onFirst, onSecond } = twoServers({ ...kept, secrets: [SECRET, OLD_SECRET] }, { ...kept, secrets: SECRET });
    const oldest = makeApp({ ...kept, secrets: OLD_SECRET });
    await oldest.does((visitor) => visitor.login("alice"));
    const browser = new Browser(() => new Response());
    for (const [name, held] of oldest.browser.cookies) browser.cookies.set(name, held);
    const onBoth = makeApp({ ...kept, secrets: [SECRET, OLD_SECRET] });
    for (const [name, held] of browser.cookies) onBoth.browser.cookies.set(name, held);
    expect(await onBoth.does((visitor) => visitor.subject)).toBe("alice");
    const onNew = makeApp({ ...kept, secrets: SECRET });
    for (const [name, held] of onBoth.browser.cookies) onNew.browser.cookies.set(name, held);
    expect(await onNew.does((visitor) => visitor.subject)).toBe("alice");
    await onFirst((visitor) => visitor.login("bob"));
    expect(await onSecond((visitor) => visitor.subject)).toBe("bob");
  });
});

describe("a secret", () => {
  it.each<[string, () => Secrets | Promise<Secrets>]>([
    ["bytes", () => bytes(SECRET)],
    ["a CryptoKey", () => hkdf(SECRET)],
    ["a binding of a secrets store", () => fetched({ get: async () => SECRET })],
    ["a list of bindings", () => fetched([{ get: async () => SECRET }, undefined, { get: async () => OLD_SECRET }])],
    ["a function", () => fetched(async () => SECRET)],
    ["a function that gives a list", () => fetched(async () => [bytes(SECRET), OLD_SECRET])],
  ])("may be %s, and opens what the same one as a string made", async (_what, make) => {
    const text = makeApp();
    const other = makeApp({ secrets: await make() });
    await text.does((visitor) => visitor.login("alice"));
    for (const [name, held] of text.browser.cookies) other.browser.cookies.set(name, held);
    expect(await other.does((visitor) => visitor.subject)).toBe("alice");
    await other.does((visitor) => Object.assign(visitor.data, { views: 2 }));
    for (const [name, held] of other.browser.cookies) text.browser.cookies.set(name, held);
    expect(await text.does((visitor) => [visitor.subject, visitor.data.views])).toEqual(["alice", 2]);
  });

  it("in bytes is not changed by what the application does to them later", async () => {
    const given = bytes(SECRET);
    const app = makeApp({ secrets: given });
    given.fill(0);
    const text = makeApp();
    await text.does((visitor) => visitor.login("alice"));
    for (const [name, held] of text.browser.cookies) app.browser.cookies.set(name, held);
    expect(await app.does((visitor) => visitor.subject)).toBe("alice");
  });

  it("is fetched at the first use, once, and again after a failure", async () => {
    let calls = 0;
    let broken = true;
    const secrets = fetched(async () => {
      calls++;
      if (broken) throw new Error(`no access to ${SECRET}`);
      return SECRET;
    });
    const app = makeApp({ secrets });
    expect(calls).toBe(0);
    await app.does((visitor) => expect(visitor.isNew).toBe(true));
    expect(calls).toBe(0);
    const failed = app.does((visitor) => Object.assign(visitor.data, { views: 1 }));
    await expect(failed).rejects.toMatchObject({
      code: "ERR_SECRET",
      message: "Cannot fetch the secrets: their provider failed. Call it yourself to see its error",
    });
    broken = false;
    await app.does((visitor) => Object.assign(visitor.data, { views: 1 }));
    expect(await app.does((visitor) => visitor.data.views)).toBe(1);
    expect(calls).toBe(2);
  });

  it("is fetched once for all that it is used for, and by each request that cannot wait until another has it", async () => {
    const waiting: (() => void)[] = [];
    const secrets = fetched({ get: () => new Promise<string>((resolve) => waiting.push(() => resolve(SECRET))) });
    const store = memory();
    const app = makeApp({ secrets, store, anonymous: "cookie", copy: copy({ maxAge: 60 }) });
    const [first, second] = [app.does((visitor) => visitor.login("ada")), app.does((visitor) => visitor.login("bob"))];
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    // The first of the two is never answered.
    waiting[1]?.();
    await second;
    expect(await app.does((visitor) => visitor.subject)).toBe("bob");
    expect(waiting).toHaveLength(2);
    waiting[0]?.();
    await first;
  });

  it.each<[string, () => Secrets | Promise<Secrets>, string]>([
    ["too few bytes", () => bytes("short"), "it is shorter than 32 bytes"],
    ["bytes that repeat themselves", () => new Uint8Array(32), "it repeats itself"],
    ["the same text and binding", () => fetched([SECRET, { get: async () => SECRET }]), "a secret is given twice"],
    ["the same bytes", () => [bytes(SECRET), bytes(SECRET)], "a secret is given twice"],
    ["a weak one from a binding", () => fetched({ get: async () => "password" }), "it is shorter than 32 bytes"],
    ["nothing from a binding", () => fetched({ get: async () => undefined as never }), "no secret is set"],
    [
      "a CryptoKey for something else",
      () => crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
      "HKDF",
    ],
    ["a CryptoKey that derives no bits", () => hkdf(SECRET, ["deriveKey"]), "deriveBits"],
    ["a number", () => 5 as never, "it is not a string"],
  ])("is refused when it is %s", async (_what, make, problem) => {
    const secrets = await make();
    const use = async () => makeApp({ secrets }).does((visitor) => visitor.login("alice"));
    await expect(use()).rejects.toMatchObject({ code: "ERR_SECRET", message: expect.stringContaining(problem) });
  });
});

it("secrets that must be fetched are refused as they were given before, with what to write", () => {
  const said = "it must be fetched. Use fetched(...) of web-session-store/secrets";
  for (const secrets of [
    { get: async () => SECRET },
    [{ get: async () => SECRET }],
    [SECRET, async () => SECRET],
    async () => SECRET,
  ])
    expect(() => makeApp({ secrets: secrets as never })).toThrow(
      expect.objectContaining({ code: "ERR_SECRET", message: expect.stringContaining(said) }),
    );
});

it.each([undefined, null, SECRET, 5, true, {}, { get: SECRET }, new Uint8Array(32)])(
  "fetched(%j) is refused at once",
  (provider) => {
    expect(() => fetched(provider as never)).toThrow(
      expect.objectContaining({ code: "ERR_SECRET", message: expect.stringContaining("Cannot fetch secrets") }),
    );
  },
);

it("fetched secrets are fetched once for all managers that have them", async () => {
  let calls = 0;
  const secrets = fetched(async () => {
    calls++;
    return SECRET;
  });
  const [one, two] = [makeApp({ secrets }), makeApp({ secrets })];
  await one.does((visitor) => visitor.login("alice"));
  two.browser.hold(one.browser.cookieHeader());
  expect(await two.does((visitor) => visitor.subject)).toBe("alice");
  expect(calls).toBe(1);
});

it.each<[string, () => Secrets | Promise<Secrets>]>([
  ["fetched", () => fetched(async () => [SECRET, OTHER_SECRET])],
  ["a CryptoKey", () => hkdf(SECRET)],
])("in Koa a secret may be %s, and ctx.session is there all the same", async (_what, make) => {
  const app = new Koa();
  app.use(session<{ views: number }>({ secrets: await make() }) as never);
  app.use((ctx) => {
    ctx.session.views = (ctx.session.views ?? 0) + 1;
    ctx.body = String(ctx.session.views);
  });
  const browser = new Browser(serveNode(app.callback()));
  for (const views of ["1", "2", "3"]) expect(await (await browser.visit("/")).text()).toBe(views);
});
