/** `cookie.single`: visitors and users in one cookie, for hosts that pass on the cookie of one name alone. */
import { describe, expect, it } from "vitest";
import { ownTokens } from "../../src/accept/own.ts";
import type { SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, makeApp } from "../support/app.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

const NAME = "__session";
const SINGLE = { name: NAME, cookie: { single: true } };
const KINDS: [string, () => Partial<SessionOptions>][] = [
  ["in the cookie", () => ({})],
  ["in the cookie, readable", () => ({ readable: true })],
  ["in a store", () => ({ store: memory() })],
  ["in a store of three methods", () => ({ store: plain(plainRows(new Map())) })],
];
const put = (key: string) => (session: { data: Record<string, unknown> }) => {
  session.data[key] = 1;
};
const seen = (session: { subject: string | undefined; data: object }) => [session.subject, { ...session.data }];
const namesOf = ({ browser }: App) => [...browser.cookies.keys()];

describe.each(KINDS)("a single cookie, sessions %s", (_kept, kind) => {
  const make = (more: Partial<SessionOptions> = {}) => makeApp({ ...kind(), ...SINGLE, ...more });

  it("has a visitor, then a user, then nobody, under its name as it stands", async () => {
    const app = make();
    await app.does(put("cart"));
    expect(namesOf(app)).toEqual([NAME]);
    expect(await app.does(seen)).toEqual([undefined, { cart: 1 }]);
    const before = await app.does((session) => session.id);
    const answer = await app.answers((session) => session.login("alice", { keep: ["cart"] }), {
      Cookie: app.browser.cookieHeader(),
    });
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__session=[\w.-]+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    app.browser.receive(answer);
    expect(await app.does(seen)).toEqual(["alice", { cart: 1 }]);
    expect(await app.does((session) => session.id)).not.toBe(before);
    await app.does(put("more"));
    expect(await app.does(seen)).toEqual(["alice", { cart: 1, more: 1 }]);
    await app.does((session) => session.logout());
    expect(namesOf(app)).toEqual([]);
    expect(await app.does(seen)).toEqual([undefined, {}]);
  });

  it("takes a visitor over after a logout in the same request", async () => {
    const app = make();
    await app.does((session) => session.login("alice"));
    await app.does((session) => {
      session.logout();
      session.data.note = "bye";
    });
    expect(namesOf(app)).toEqual([NAME]);
    expect(await app.does(seen)).toEqual([undefined, { note: "bye" }]);
  });

  it("may have been planted: a login takes along what is named, unless the name spells a __Host- prefix", async () => {
    for (const [name, kept] of [
      [NAME, {}],
      ["__Secure-one", {}],
      ["__Host-one", { cart: 1 }],
      ["__Host-Http-one", { cart: 1 }],
    ] as const) {
      const app = make({ name });
      await app.does(put("cart"));
      await app.does((session) => session.login("alice"));
      expect([name, namesOf(app)]).toEqual([name, [name]]);
      expect([name, await app.does(seen)]).toEqual([name, ["alice", kept]]);
    }
  });

  it("is the visitor's when the answer of their page comes after that of the login: what it gives up", async () => {
    const app = make();
    const page = await app.answers(put("cart"));
    await app.does((session) => session.login("alice"));
    app.browser.receive(page);
    expect(await app.does(seen)).toEqual([undefined, { cart: 1 }]);
  });

  it("of two living sessions has neither, and one after the next login", async () => {
    const app = make();
    const [one, other] = [app.newBrowser(), app.newBrowser()];
    await app.does((session) => session.login("alice"), one);
    await app.does(put("cart"), other);
    const Cookie = `${one.cookieHeader()}; ${other.cookieHeader()}`;
    await app.answers((session) => expect(seen(session)).toEqual([undefined, {}]), { Cookie });
    const answer = await app.answers((session) => session.login("bob"), { Cookie });
    app.browser.receive(answer);
    expect(await app.does(seen)).toEqual(["bob", {}]);
  });

  it("is what an application changes to, and from, with nobody logged out", async () => {
    const shared = { ...kind() };
    const kindOf = shared.readable ? "readable" : shared.store === undefined ? "data" : shared.store.dataOnly ? "user" : "id";
    for (const [before, after] of [
      [{}, SINGLE],
      [SINGLE, {}],
      [{ name: NAME }, SINGLE],
    ] as Partial<SessionOptions>[][] as [Partial<SessionOptions>, Partial<SessionOptions>][]) {
      const old = makeApp({ ...shared, ...before });
      const visitor = old.newBrowser();
      await old.does((session) => session.login("alice"));
      await old.does(put("cart"), visitor);
      const { name = "session", cookie = {} } = before;
      const app = makeApp({ ...shared, ...after, accept: [ownTokens({ secrets: SECRET, kind: kindOf, name, cookie })] });
      app.browser.hold(old.browser.cookieHeader());
      const come = app.newBrowser().hold(visitor.cookieHeader());
      expect(await app.does(seen)).toEqual(["alice", {}]);
      expect(await app.does(seen, come)).toEqual([undefined, { cart: 1 }]);
      const [user, others] = after.cookie?.single ? [NAME, NAME] : [USER_COOKIE, VISITOR_COOKIE];
      expect([namesOf(app), [...come.cookies.keys()]]).toEqual([[user], [others]]);
    }
  });
});

describe("cookie.single", () => {
  it.each([
    ["anonymous: cookie", { store: memory(), anonymous: "cookie" }, "keeps visitors and users in one cookie"],
    ["a copy", { store: memory(), copy: { maxAge: 60 } }, "allows no second cookie"],
    ["what is no flag", { cookie: { single: "__session" as never } }, "cookie single"],
    ["a prefix that its attributes do not keep", { name: "__Host-a", cookie: { single: true, path: "/app" } }, 'path "/"'],
  ] as [string, Partial<SessionOptions>, string][])("is refused with %s", (_what, more, message) => {
    expect(() => makeApp({ ...SINGLE, ...more })).toThrow(
      expect.objectContaining({ code: "ERR_OPTION", message: expect.stringContaining(message) }),
    );
  });
});
