/** The cookies of an application that had another name: with `accept`, who has them goes on logged in. */
import { describe, expect, it } from "vitest";
import type { AcceptedCodec } from "../../src/accept/define.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { type CookieOptions, createSessions, type SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, makeApp, typesOf } from "../support/app.ts";
import type { Browser } from "../support/browser.ts";
import { HOUR } from "../support/clock.ts";
import { USER_COOKIE, userCookie } from "../support/cookie-names.ts";
import { Jar } from "../support/jar.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

const seen = (session: { subject: string | undefined; data: { cart?: unknown } }) => [session.subject, session.data.cart];

const OLD_NAME = "sid";

/** Two applications with the same options but the name: a user and a visitor come with the cookies of the first. */
async function renamed(options: Partial<SessionOptions>, accept: AcceptedCodec[]) {
  const before = makeApp({ onEvent: () => {}, name: OLD_NAME, ...options });
  const visitor = before.newBrowser();
  await before.does((session) => {
    session.login("alice");
    session.data.cart = ["apple"];
  });
  await before.does((session) => Object.assign(session.data, { cart: ["pear"] }), visitor);
  const { name: _name, ...same } = options;
  const app = makeApp({ now: before.clock.now, ...same, accept });
  const come = (from: Browser, to: App["browser"] = app.newBrowser()) => to.hold(from.cookieHeader());
  const both = come(visitor, come(before.browser));
  return { does: app.does, events: app.events, user: come(before.browser), visitor: come(visitor), both };
}

const own = (kind?: "data" | "readable" | "id" | "user", more: { name?: string; cookie?: CookieOptions } = {}) =>
  ownTokens({ secrets: SECRET, name: OLD_NAME, ...(kind && { kind }), ...more });
/** Made anew for each test. */
const CASES: [string, () => [Partial<SessionOptions>, AcceptedCodec[]]][] = [
  ["in cookies", () => [{}, [own()]]],
  ["in readable cookies", () => [{ readable: true }, [own("readable")]]],
  ["in a store", () => [{ store: memory() }, [own("id")]]],
  ["in a store, visitors in cookies", () => [{ store: memory(), anonymous: "cookie" }, [own("id"), own("data")]]],
  ["in a store of three methods", () => [{ store: plain(plainRows(new Map())) }, [own("user")]]],
];
const ATTRIBUTES: [string, Pick<SessionOptions, "name" | "cookie">][] = [
  ["without options", {}],
  ["that scripts can read", { cookie: { httpOnly: false } }],
  ["with a path", { cookie: { path: "/app" } }],
  ["with a domain", { cookie: { domain: "example.com" } }],
  ["that is not secure", { cookie: { secure: false } }],
  ["whose name has its prefix", { name: "__Host-sid" }],
];

describe.each(CASES)("sessions of another name %s", (_kept, make) => {
  it.each(ATTRIBUTES)("go on, by a cookie %s", async (_cookie, more) => {
    for (const [whose, who, what] of [
      ["visitor", undefined, "pear"],
      ["both", "alice", "apple"],
      ["user", "alice", "apple"],
    ] as const) {
      const [options, codecs] = make();
      const accept = codecs.map((codec) => withNames(codec, more));
      const { does, events, [whose]: browser } = await renamed({ ...options, ...more }, accept);
      expect(await does(seen, browser)).toEqual([who, [what]]);
      const [name = "", ...others] = browser.cookies.keys();
      expect([others, name.endsWith("-user"), name.includes(OLD_NAME)]).toEqual([[], who !== undefined, false]);
      expect(await does(seen, browser)).toEqual([who, [what]]);
      expect(typesOf(events)).not.toContain("ambiguous");
      await does((session) => session.logout(), browser);
      expect([...browser.cookies.keys()]).toEqual([]);
    }
  });

  /** The codec again, for cookies with these attributes. */
  function withNames(codec: AcceptedCodec, more: (typeof ATTRIBUTES)[number][1]): AcceptedCodec {
    const kind = codec.name?.split(":")[1] as "data";
    return own(kind, more);
  }
});

describe("our own token, where accept could take it once more,", () => {
  const accept = [ownTokens({ secrets: SECRET })];

  it("has ended where its cookie was read, and is reported once", async () => {
    const before = makeApp();
    await before.does((session) => session.login("alice"));
    const app = makeApp({ now: before.clock.now, idleTimeout: HOUR, accept });
    app.browser.hold(before.browser.cookieHeader());
    before.clock.pass(2 * HOUR);
    expect(await app.does(seen)).toEqual([undefined, undefined]);
    expect(app.events).toEqual([expect.objectContaining({ type: "expired", reason: "idle" })]);
  });

  it("comes before the one of another name, which the logout removes", async () => {
    const before = makeApp({ name: OLD_NAME });
    await before.does((session) => session.login("alice"));
    const app = makeApp({ now: before.clock.now, accept: [own()] });
    await app.does((session) => session.login("bob"));
    app.browser.hold(before.browser.cookieHeader());
    expect(await app.does(seen)).toEqual(["bob", undefined]);
    await app.does((session) => session.logout());
    expect([...app.browser.cookies.keys()]).toEqual([]);
  });
});

it("nothing is removed that did not come: one line for each cookie of another name", async () => {
  const served = (options: Partial<SessionOptions>) => createSessions({ secrets: SECRET, ...options });
  const jar = new Jar(served({ name: OLD_NAME }).handler((_request, session) => new Response(String(session.login("alice")))));
  await jar.visit("/");
  expect(jar.names).toEqual([userCookie(OLD_NAME)]);
  jar.becomes(served({ accept: [own()] }).handler((_request, session) => new Response(session.subject ?? "nobody")));
  const answer = await jar.visit("/");
  expect(await answer.text()).toBe("alice");
  expect(answer.headers.getSetCookie().map((line) => line.split("=")[0])).toEqual([USER_COOKIE, userCookie(OLD_NAME)]);
  expect(jar.names).toEqual([USER_COOKIE]);
});
