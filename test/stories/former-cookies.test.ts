/** The cookies of version 0.1.0, which had other names: with `accept`, who has them goes on logged in. */
import { describe, expect, it } from "vitest";
import type { AcceptedCodec } from "../../src/accept/define.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { type CookieOptions, createSessions, type SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, makeApp, typesOf } from "../support/app.ts";
import type { Browser } from "../support/browser.ts";
import { HOUR } from "../support/clock.ts";
import { FORMER, USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { Jar } from "../support/jar.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

/** What version 0.1.0 set for a user, and for a visitor. */
const HEADER = "eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiRmROVDZYMm0xaFEiLCJ0eXAiOiJzZXNzaW9uK2p3dCJ9";
const ALICE =
  `${FORMER.user}=${HEADER}.YA2A0NNCyNLFm7DFevmHab4Xev10h-1gNtrENRKelfDVYGCKHKPfTA.KHJIttz7W9helmL0.` +
  "IapI7EXxVS-8IcvW7cqW417esUJgCQoAz7WAjpf8fg9gANskTVWum47QTzN-z42ytAsvqdWaNWr_GL6t4A9Jg5tgTx1FSlBwHaoaR6L-8QQHwbR-oq8t_07827vSeaeQpIfBoMvLArHFtZki6leXM5u9HNfUNPaSj3uXo72GB7HZ4BxqD5rC." +
  "i9pI5AZ7I_fXOWUGzRZMmg";
const VISITOR =
  `${FORMER.visitor}=${HEADER}.DMkCFfhqeUKQW89IYEIJvlrCm4LvrKa3ziLyjTK8PwdWY1au53MKfQ.S26kBvDpHB-clGXZ.` +
  "aXsjE4XWnXE541zelfbYXwHTivfBpCYIOtA1HeAOftaldVtNv4WelxA3CENNumnFhQXiCOjrgJ5RDUsi16m_xsMYiVqHUuBCaseUad_J1dBBgB9rhnuXUYLDq0NV1zBqqbzoQtD2AWm3JaFV9EX33KNbTj3UGb6A." +
  "-zxdNTSU741XKlaXazTNlg";

const seen = (session: { subject: string | undefined; data: { cart?: unknown } }) => [session.subject, session.data.cart];

describe("a jar with the cookies of 0.1.0", () => {
  const app = () => makeApp({ accept: [ownTokens({ secrets: SECRET })] });

  it("goes on logged in, and has the cookie of today after the first page", async () => {
    const { does, browser, events } = app();
    browser.hold(ALICE);
    expect(await does(seen)).toEqual(["alice", ["apple"]]);
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    expect(await does(seen)).toEqual(["alice", ["apple"]]);
    expect(typesOf(events)).not.toContain("invalid");
  });

  it("has the visitor's cart", async () => {
    const { does, browser } = app();
    browser.hold(VISITOR);
    expect(await does(seen)).toEqual([undefined, ["pear"]]);
    expect([...browser.cookies.keys()]).toEqual([VISITOR_COOKIE]);
    expect(await does(seen)).toEqual([undefined, ["pear"]]);
  });

  it("that has both is the user's, as it was", async () => {
    const { does, browser, events } = app();
    browser.hold(`${VISITOR}; ${ALICE}`);
    expect(await does(seen)).toEqual(["alice", ["apple"]]);
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    expect(typesOf(events)).not.toContain("ambiguous");
  });

  it("is empty after the logout, whatever was in it", async () => {
    const { does, browser } = app();
    browser.hold(`${VISITOR}; ${ALICE}`);
    await does((session) => session.logout());
    expect([...browser.cookies.keys()]).toEqual([]);
  });

  it("is nobody's without accept", async () => {
    const { does, browser } = makeApp();
    browser.hold(ALICE);
    expect(await does(seen)).toEqual([undefined, undefined]);
  });
});

/** The name that 0.1.0 had for a cookie of today. */
function formerName(today: string, given: boolean): string {
  const name = given ? today : today.replace("__Host-Http-", "__Host-");
  return name.endsWith("-user") ? name.slice(0, -"-user".length) : `${name}-visitor`;
}

/** Two applications with the same options, the first of which is of 0.1.0: a user and a visitor come with its cookies. */
async function updated(options: Partial<SessionOptions>, accept: AcceptedCodec[]) {
  const before = makeApp({ onEvent: () => {}, ...options });
  const visitor = before.newBrowser();
  await before.does((session) => {
    session.login("alice");
    session.data.cart = ["apple"];
  });
  await before.does((session) => Object.assign(session.data, { cart: ["pear"] }), visitor);
  const app = makeApp({ now: before.clock.now, ...options, accept });
  const come = (from: Browser, to: App["browser"] = app.newBrowser()) => {
    for (const [name, held] of from.cookies) to.cookies.set(formerName(name, options.name !== undefined), held);
    return to;
  };
  const both = come(visitor, come(before.browser));
  return { does: app.does, user: come(before.browser), visitor: come(visitor), both };
}

const own = (kind?: "data" | "readable" | "id" | "user", more: { name?: string; cookie?: CookieOptions } = {}) =>
  ownTokens({ secrets: SECRET, ...(kind && { kind }), ...more });
/** Made anew for each test. */
const CASES: [string, () => [Partial<SessionOptions>, AcceptedCodec[]]][] = [
  ["in cookies", () => [{}, [own()]]],
  ["in readable cookies", () => [{ readable: true }, [own("readable")]]],
  ["in a store", () => [{ store: memory() }, [own("id")]]],
  ["in a store, visitors in cookies", () => [{ store: memory(), anonymous: "cookie" }, [own("id"), own("data")]]],
  ["in a store of three methods", () => [{ store: plain(plainRows(new Map())) }, [own("user")]]],
];
/** Where 0.1.0 had users under the name that visitors have today. */
const ATTRIBUTES: [string, Pick<SessionOptions, "name" | "cookie">][] = [
  ["without options", {}],
  ["that scripts can read", { cookie: { httpOnly: false } }],
  ["with a path", { cookie: { path: "/app" } }],
  ["with a domain", { cookie: { domain: "example.com" } }],
  ["that is not secure", { cookie: { secure: false } }],
  ["whose name has its prefix", { name: "__Host-sid" }],
];

describe.each(CASES)("sessions of 0.1.0 %s", (_kept, make) => {
  it.each(ATTRIBUTES)("go on, by a cookie %s", async (_cookie, more) => {
    for (const [whose, who, what] of [
      ["visitor", undefined, "pear"],
      ["both", "alice", "apple"],
      ["user", "alice", "apple"],
    ] as const) {
      const [options, codecs] = make();
      const accept = codecs.map((codec) => withNames(codec, more));
      const { does, [whose]: browser } = await updated({ ...options, ...more }, accept);
      expect(await does(seen, browser)).toEqual([who, [what]]);
      const [name = "", ...others] = browser.cookies.keys();
      expect([others, name.endsWith("-user")]).toEqual([[], who !== undefined]);
      expect(await does(seen, browser)).toEqual([who, [what]]);
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

  it("comes before the one of 0.1.0, which the logout removes", async () => {
    const app = makeApp({ accept });
    await app.does((session) => session.login("bob"));
    app.browser.hold(ALICE);
    expect(await app.does(seen)).toEqual(["bob", undefined]);
    await app.does((session) => session.logout());
    expect([...app.browser.cookies.keys()]).toEqual([]);
  });
});

it("nothing is removed that did not come: one line for each cookie of 0.1.0", async () => {
  const sessions = createSessions({ secrets: SECRET, now: () => 1_800_000_000, accept: [ownTokens({ secrets: SECRET })] });
  const jar = new Jar(sessions.handler((_request, session) => new Response(session.subject ?? "nobody")));
  jar.set(`${ALICE}; Path=/; HttpOnly; Secure; SameSite=Lax`);
  const answer = await jar.visit("/");
  expect(await answer.text()).toBe("alice");
  expect(answer.headers.getSetCookie().map((line) => line.split("=")[0])).toEqual([USER_COOKIE, FORMER.user]);
  expect(jar.names).toEqual([USER_COOKIE]);
});
