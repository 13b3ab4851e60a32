/** The option `accept`: old tokens are read and made anew, and nobody is logged out. */

import { beforeEach, describe, expect, it } from "vitest";
import { defineCodec } from "../../src/accept/define.ts";
import { ownTokens } from "../../src/accept/own.ts";
import type { SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, inStore, makeApp } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { HOUR } from "../support/clock.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { plainRows } from "../support/plain-rows.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";

/** A user who logged in and a visitor who came, before an application changed. */
async function changed(before: Partial<SessionOptions>, after: Partial<SessionOptions>) {
  const old = makeApp(before);
  const visitor = old.newBrowser();
  await old.does((session) => {
    session.login("alice");
    session.data.cart = ["apple"];
  });
  await old.does((session) => Object.assign(session.data, { views: 1 }), visitor);
  const app = makeApp({ now: old.clock.now, ...after });
  const start = old.clock.now();
  const bring = (from: App["browser"], to: App["browser"]) => {
    for (const [name, held] of from.cookies) to.cookies.set(name, held);
    return to;
  };
  bring(old.browser, app.browser);
  return {
    ...app,
    clock: old.clock,
    start,
    visitor: bring(visitor, app.newBrowser()),
    old: bring(old.browser, app.newBrowser()),
  };
}

type Both = readonly [before: Partial<SessionOptions>, after: Partial<SessionOptions>];

/** Made anew for each test, so that no store serves two. */
const changes = (store = memory(), rows = new Map<string, string>()): [string, ...Both][] => [
  ["readable to encrypted", { readable: true }, { accept: [ownTokens({ secrets: SECRET, kind: "readable" })] }],
  ["encrypted to readable", {}, { readable: true, accept: [ownTokens({ secrets: SECRET })] }],
  ["another name", { name: "sid" }, { accept: [ownTokens({ secrets: SECRET, name: "sid" })] }],
  [
    "another context and secret",
    { context: "a", secrets: OLD_SECRET },
    { accept: [ownTokens({ secrets: OLD_SECRET, context: "a" })] },
  ],
  ["cookie to store", {}, { store, accept: [ownTokens({ secrets: SECRET })] }],
  ["cookie to store, visitors stay", {}, { store, anonymous: "cookie", accept: [ownTokens({ secrets: SECRET })] }],
  [
    "another name in a store",
    { store, name: "sid" },
    { store, accept: [ownTokens({ secrets: SECRET, name: "sid", kind: "id" })] },
  ],
  [
    "another name in a store, visitors in cookies",
    { store, anonymous: "cookie", name: "sid" },
    {
      store,
      anonymous: "cookie",
      accept: [ownTokens({ secrets: SECRET, name: "sid", kind: "id" }), ownTokens({ secrets: SECRET, name: "sid" })],
    },
  ],
  [
    "cookie to a store of three methods",
    {},
    {
      store: plain(plainRows(rows)),
      accept: [ownTokens({ secrets: SECRET })],
    },
  ],
];

describe.each(changes().map(([what], index) => ({ what, index })))("a change from $what", ({ index }) => {
  let [before, after]: Both = [{}, {}];
  beforeEach(() => {
    [, before, after] = changes()[index] as [string, ...Both];
  });

  it("logs nobody out, keeps when the session began, and gives our own token with the next response", async () => {
    const { does, browser, clock, start, visitor } = await changed(before, after);
    clock.pass(HOUR);
    expect(await does((session) => [session.subject, session.data.cart, session.startedAt, session.isNew])).toEqual([
      "alice",
      ["apple"],
      start,
      false,
    ]);
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    const { accept: _none, ...alone } = after;
    const later = makeApp({ now: clock.now, ...alone });
    for (const [name, held] of browser.cookies) later.browser.cookies.set(name, held);
    expect(await later.does((session) => [session.subject, session.data.cart, session.startedAt])).toEqual([
      "alice",
      ["apple"],
      start,
    ]);
    await does((session) => Object.assign(session.data, { views: Number(session.data.views) + 1 }), visitor);
    expect([...visitor.cookies.keys()]).toEqual([VISITOR_COOKIE]);
    expect(await does((session) => session.data.views, visitor)).toBe(2);
  });

  it("sets no cookie for a request that leaves its session alone", async () => {
    const { answers } = await changed(before, after);
    expect((await answers(() => "page")).headers.getSetCookie()).toEqual([]);
  });

  it("is there for the next request when a handler fails, which brings no cookie and takes nothing back", async () => {
    const { answers, browser, does } = await changed(before, after);
    const cookies = browser.cookieHeader();
    const failing = answers((session) => {
      session.data.cart = [];
      throw new Error("the page is broken");
    });
    await expect(failing).rejects.toThrow("the page is broken");
    expect(browser.cookieHeader()).toBe(cookies);
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
  });

  it("is found again when the answer that brought our cookie was lost, with what that request changed in a store", async () => {
    const { answers, clock, does, start } = await changed(before, after);
    await answers((session) => Object.assign(session.data, { lost: true }));
    clock.pass(60);
    expect(await does((session) => [session.subject, session.data.cart, session.startedAt, session.data.lost])).toEqual([
      "alice",
      ["apple"],
      start,
      after.store === undefined ? undefined : true,
    ]);
  });

  it("can be read by a handshake, whose answer carries no cookie, and waits for the next request", async () => {
    const { answers, does } = await changed(before, after);
    const switching = Object.defineProperty(new Response(), "status", { value: 101 });
    const seen: unknown[] = [];
    const response = await answers((session) => {
      seen.push(session.subject, session.data.cart);
      return switching;
    });
    expect([seen, response.headers.getSetCookie()]).toEqual([["alice", ["apple"]], []]);
    const login = answers((session) => session.login("bob") ?? switching);
    await expect(login).rejects.toMatchObject({ code: "ERR_COOKIE_NOT_POSSIBLE" });
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
  });

  it("leaves an answer alone that caches keep for everybody, where nothing is to be kept yet", async () => {
    const { answers, does } = await changed(before, after);
    const headers = { "Cache-Control": "public, max-age=60" };
    const response = await answers((session) => new Response(`${session.isNew}`, { headers }));
    const kept = response.headers.getSetCookie().length > 0;
    expect(response.headers.get("Cache-Control")).toBe(kept ? "no-store" : "public, max-age=60");
    expect(kept).toBe(before.store === undefined && after.store !== undefined);
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
  });

  it("of parallel first requests makes one session, and loses no change", async () => {
    const app = await changed(before, after);
    const answers = await Promise.all(
      ["a", "b", "c"].map((key) => app.answers((session) => Object.assign(session.data, { [key]: 1 }))),
    );
    for (const answer of answers) app.browser.receive(answer);
    const [id, data] = await app.does((session) => [session.id, { ...session.data }]);
    expect(id).toMatch(/^[\w-]{32}$/);
    if (!after.store?.guarantees.atomic) return;
    expect(data).toEqual({ cart: ["apple"], a: 1, b: 1, c: 1 });
    expect(await inStore(app.sessions).list("alice")).toHaveLength(1);
  });

  it("ends the session at the logout, with the old cookie; whoever copied that is nobody where a store can tell", async () => {
    const { does, browser, old, clock } = await changed(before, after);
    await does((session) => session.logout());
    expect([...browser.cookies.keys()]).toEqual([]);
    expect(await does((session) => session.subject)).toBe(undefined);
    for (const seconds of [0, 2 * HOUR]) {
      clock.pass(seconds);
      expect(await does((session) => session.subject, old.copy())).toBe(after.store === undefined ? "alice" : undefined);
    }
  });

  it("counts as no login of today: loginAge is endless until the user logs in here", async () => {
    const { does, browser, clock } = await changed(before, after);
    const named = before.store !== undefined;
    clock.pass(HOUR);
    const ages = [await does((session) => session.loginAge), await does((session) => session.loginAge)];
    // Where the token only names a session in our own store, that says when the login was.
    expect(ages).toEqual(named ? [HOUR, HOUR] : [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    await does((session) => session.login("alice"));
    clock.pass(60);
    expect(await does((session) => session.loginAge)).toBe(60);
  });

  it("takes a login as another user, and nothing of what was there", async () => {
    const { does, browser } = await changed(before, after);
    await does((session) => session.login("bob"));
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["bob", undefined]);
  });

  it("counts no token that has ended", async () => {
    const { does, clock } = await changed(before, after);
    clock.pass(31 * 24 * HOUR);
    expect(await does((session) => session.subject)).toBe(undefined);
  });
});

describe("accept", () => {
  it("reads tokens of any codec, and remembers none", async () => {
    let opened = 0;
    const codec = defineCodec({
      open: (token: string) => {
        opened++;
        if (token !== "good") return "malformed";
        const start = 1_800_000_000;
        return { claims: { sid: "foreign-session-1", start, iat: start, exp: start + 3600, sub: "alice", data: '{"a":1}' } };
      },
      seal: () => {
        throw new Error("never asked");
      },
    });
    const { answers } = makeApp({ accept: [codec] });
    for (const count of [1, 2]) {
      await answers((session) => expect([session.subject, session.data.a]).toEqual(["alice", 1]), {
        Cookie: `${USER_COOKIE}=good`,
      });
      expect(opened).toBe(count);
    }
    await answers((session) => expect(session.isNew).toBe(true), { Cookie: `${USER_COOKIE}=bad` });
  });

  it("comes after our own tokens", async () => {
    const { does, browser, old } = await changed({ name: "sid" }, { accept: [ownTokens({ secrets: SECRET, name: "sid" })] });
    await does((session) => Object.assign(session.data, { cart: ["pear"] }));
    for (const [name, held] of old.cookies) browser.cookies.set(name, held);
    expect(await does((session) => session.data.cart)).toEqual(["pear"]);
  });

  it("opens nothing that another secret made, nor an id where a store would not have it", async () => {
    const forged = await changed({ secrets: OLD_SECRET }, { accept: [ownTokens({ secrets: SECRET, kind: "readable" })] });
    expect(await forged.does((session) => session.isNew)).toBe(true);
    const gone = await changed(
      { store: memory(), name: "sid" },
      { store: memory(), accept: [ownTokens({ secrets: SECRET, name: "sid", kind: "id" })] },
    );
    expect(await gone.does((session) => session.isNew)).toBe(true);
  });

  it.each(["{", "[]", "null", "[".repeat(100_000), 5, undefined])(
    "brings no session where the store's record is broken: data %j",
    async (data) => {
      const store = memory();
      const broken = withMethods(store, {
        load: async (...asked) => ({ ...(await store.load(...asked)), data }) as never,
      });
      const app = await changed(
        { store, name: "sid" },
        { store: broken, accept: [ownTokens({ secrets: SECRET, name: "sid", kind: "id" })] },
      );
      expect(await app.does((session) => [session.isNew, session.subject])).toEqual([true, undefined]);
      expect(app.events).toContainEqual({ type: "invalid", reason: "record" });
    },
  );

  it("asks no store for an id of another form, and takes no data that is none, whatever a codec says", async () => {
    const start = 1_800_000_000;
    const times = { start, iat: start, exp: start + 3600 };
    for (const store of [{}, { store: failingStore() }]) {
      for (const claims of [
        { ...times, sid: "../../etc/passwd", data: "{}" },
        { ...times, sid: "short" },
        { ...times, sid: "a".repeat(32), data: "[]" },
        { ...times, sid: "a".repeat(32), data: "{" },
      ]) {
        const app = makeApp({ ...store, accept: [defineCodec({ open: () => ({ claims }), seal: () => "" })] });
        await app.answers((session) => expect(session.isNew).toBe(true), { Cookie: `${USER_COOKIE}=x` });
        expect(store.store?.calls ?? []).toEqual([]);
      }
    }
  });

  it("must be a list of codecs", () => {
    for (const accept of [{}, "x", null]) expect(() => makeApp({ accept: accept as never })).toThrow("list of codecs");
    for (const wrong of [null, undefined, "x", {}])
      expect(() => makeApp({ accept: [ownTokens({ secrets: SECRET, name: "sid" }), wrong] as never })).toThrow(
        "Cannot use option accept: entry 2 is not a codec. Make one, as in koaTokens({ keys })",
      );
  });

  it("refuses a codec of one's own that is not defined, with what to do", () => {
    const bare = { open: () => "malformed" as const, seal: () => "" };
    expect(() => makeApp({ accept: [bare as never] })).toThrow(
      expect.objectContaining({
        code: "ERR_OPTION",
        message:
          "Cannot use option accept: entry 1 is a codec of your own; wrap it with defineCodec() from web-session-store/accept/define",
      }),
    );
    expect(() => makeApp({ accept: [defineCodec(bare)] })).not.toThrow();
    for (const wrong of [undefined, null, {}, { seal: () => "" }, "x"])
      expect(() => defineCodec(wrong as never)).toThrow(
        expect.objectContaining({ code: "ERR_OPTION", message: expect.stringContaining("lacks open()") }),
      );
  });
});
