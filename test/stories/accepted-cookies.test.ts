/** The cookies of accepted tokens: how many of a name are looked at, which of them counts, and how long what follows lasts. */
import { describe, expect, it } from "vitest";
import { joseTokens } from "../../src/accept/jose.ts";
import { ownTokens } from "../../src/accept/own.ts";
import type { SessionOptions } from "../../src/index.ts";
import { type DefinedStore, defineStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { acceptingOld, NOBODY, oldToken, seen, withCookie } from "../support/old-tokens.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";

/** The memory store as one of several parts: every key names its part, and which one it is takes a moment to know. */
function split(): DefinedStore {
  const inner = memory();
  const check =
    <Args extends unknown[], Result>(method: (...args: Args) => Result) =>
    (...args: Args): Result => {
      const { route } = args[0] as { route?: unknown };
      if (typeof route !== "string") throw new Error("A key names no part of the store");
      return method.apply(inner, args);
    };
  return defineStore({
    guarantees: inner.guarantees,
    load: check(inner.load),
    create: check(inner.create),
    update: check(inner.update),
    replace: check(inner.replace),
    touch: check(inner.touch),
    remove: check(inner.remove),
    take: check(inner.take),
    route: async (subject) => `of-${subject ?? "visitors"}`,
    recordRoute: async () => "of-tokens",
  });
}

describe("an accepted cookie", () => {
  const CHANGES: [string, Partial<SessionOptions>, Partial<SessionOptions>][] = [
    ["to a cookie of ours", { name: "sid" }, { accept: [ownTokens({ secrets: SECRET, name: "sid" })] }],
    ["to a store", { name: "sid" }, { store: memory(), accept: [ownTokens({ secrets: SECRET, name: "sid" })] }],
    ...[memory()].map((store): [string, Partial<SessionOptions>, Partial<SessionOptions>] => [
      "from a store to the same",
      { name: "sid", store },
      { store, accept: [ownTokens({ secrets: SECRET, name: "sid", kind: "id" })] },
    ]),
  ];
  it.each(CHANGES)(
    "%s lasts as long as it did: until the browser ends, or until the session does",
    async (_how, before, after) => {
      for (const remember of [true, false]) {
        const old = makeApp(before);
        const app = makeApp({ now: old.clock.now, ...after });
        await old.does((session) => session.login("alice", { remember }));
        const answer = await app.answers((session) => session.subject, { Cookie: old.browser.cookieHeader() });
        const [line = ""] = answer.headers.getSetCookie().filter((one) => one.startsWith(`${USER_COOKIE}=`));
        expect([line === "", line.includes("Max-Age=")]).toEqual([false, remember]);
      }
    },
  );

  it("is found as the last of four different values, and as none of five", async () => {
    const app = acceptingOld(memory());
    const good = await oldToken({ sid: "session-of-old", sub: "alice" });
    const junk = (count: number) => Array.from({ length: count }, (_, index) => `old=junk${index}`).join("; ");
    const load = (Cookie: string) => app.sessions.load({ headers: new Headers({ Cookie }) });
    expect(seen(await load(`${junk(3)}; ${good}`))).toEqual(["alice", {}]);
    expect(seen(await load(`${junk(4)}; ${good}`))).toEqual(NOBODY);
    expect(seen(await load(`${good}; ${junk(4)}`))).toEqual(NOBODY);
  });

  it("becomes a session in a store of several parts, whose routes are promises, and is redeemed there", async () => {
    const app = acceptingOld(split());
    const token = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
    const browser = withCookie(app, token);
    expect(await app.does(seen, browser)).toEqual(["alice", { cart: ["apple"] }]);
    expect(await app.does(seen, browser)).toEqual(["alice", { cart: ["apple"] }]);
    await app.does((session) => session.logout(), browser);
    expect(await app.does(seen, withCookie(app, token))).toEqual(NOBODY);
  });

  it("whose token has a header that is no object is no error", async () => {
    const codec = joseTokens({ algorithms: ["HS256"], key: new TextEncoder().encode(OLD_SECRET) });
    const app = makeApp({ accept: [codec] });
    for (const header of ["5", "null", '"text"', "true", "[]", "{}", "NaN", ""]) {
      const Cookie = `${VISITOR_COOKIE}=${btoa(header).replace(/=+$/, "")}.e30.AAAA`;
      expect([header, seen(await app.sessions.load({ headers: new Headers({ Cookie }) }))]).toEqual([header, NOBODY]);
    }
  });
});

it("an accepted token of ours that names a session stands for it in grace, and for nobody after that", async () => {
  const store = memory();
  const before = makeApp({ store, name: "sid" });
  await before.does((session) => session.login("alice"));
  const accept = [ownTokens({ secrets: SECRET, name: "sid", kind: "id" })];
  const app = makeApp({ store, accept, now: before.clock.now });
  const browser = withCookie(app, before.browser.cookieHeader());
  const late = browser.copy();
  const id = await app.does((session) => {
    session.regenerateId({ graceSeconds: 10 });
    return session.id;
  }, browser);
  expect(await app.does((session) => [session.subject, session.id], late)).toEqual(["alice", id]);
  before.clock.pass(10);
  expect(await app.does(seen, late)).toEqual(NOBODY);
  expect(await app.does((session) => session.subject, browser)).toBe("alice");
});
