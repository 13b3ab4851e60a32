/** A clock that cannot tell the time opens nothing and makes nothing: by a time that is no number, no session would ever end. */

import { exportJWK, generateKeyPair } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { defineCodec } from "../../src/accept/define.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { sessionJwt } from "../../src/features/jwt.ts";
import type { SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import type { Claims } from "../../src/token/claims.ts";
import { makeApp } from "../support/app.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";
import { fakeKoa } from "./fake-koa.ts";

const NO_TIME = { code: "ERR_OPTION", message: expect.stringContaining("Cannot tell the time") };
const BROKEN: [string, () => unknown][] = [
  ["NaN", () => Number.NaN],
  ["undefined", () => undefined],
  ["null", () => null],
  ["Infinity", () => Number.POSITIVE_INFINITY],
  ["-Infinity", () => Number.NEGATIVE_INFINITY],
  ["a text", () => "1800000000"],
  ["a Date", () => new Date(1_800_000_000_000)],
  ["a promise", async () => 1_800_000_000],
];

/** A clock that is right until `brokenBy` is set. */
function breakable() {
  const clock = new Clock();
  const time = { clock, brokenBy: undefined as (() => unknown) | undefined, now };
  function now(): number {
    return time.brokenBy === undefined ? clock.now() : (time.brokenBy() as number);
  }
  return time;
}

describe.each(BROKEN)("a clock that gives %s", (_what, by) => {
  it.each<[string, () => Partial<SessionOptions>]>([
    ["in its cookie", () => ({})],
    ["in its cookie, without a memory of tokens", () => ({ rememberTokens: 0 })],
    ["in a store", () => ({ store: memory() })],
    ["in a store that may fail", () => ({ store: memory(), onStoreError: "anonymous" })],
  ])("opens no session that ended 400 days ago, and makes none: kept %s", async (_where, kept) => {
    const time = breakable();
    const app = makeApp({ ...kept(), now: time.now });
    await app.does((session) => session.login("alice"));
    time.clock.pass(400 * DAY);
    time.brokenBy = by;
    await expect(app.does((session) => session.subject)).rejects.toMatchObject(NO_TIME);
    const changes = app.does((session) => Object.assign(session.data, { views: 1 }), app.newBrowser());
    await expect(changes).rejects.toMatchObject(NO_TIME);
    time.brokenBy = undefined;
    expect(await app.does((session) => session.subject)).toBeUndefined();
  });

  it.each([
    ["with secrets", { secrets: SECRET }],
    ["with app.keys", { idleTimeout: HOUR }],
  ])("opens none on Koa, %s", async (_mode, options) => {
    const time = breakable();
    const ask = fakeKoa(koaSession({ ...options, now: time.now }));
    const { setCookie } = await ask(null, (session) => session.login("alice"));
    const cookie = setCookie.map((line) => line.split(";", 1)[0]).join("; ");
    expect((await ask(cookie)).shown.subject).toBe("alice");
    time.clock.pass(400 * DAY);
    time.brokenBy = by;
    await expect(ask(cookie)).rejects.toMatchObject(NO_TIME);
    await expect(ask(null, (session) => session.login("bob"))).rejects.toMatchObject(NO_TIME);
  });

  it("opens none that an old Koa application made", async () => {
    const time = breakable();
    const before = fakeKoa(koaSession({ now: time.now }), [SECRET]);
    const { setCookie } = await before(null, (session) => Object.assign(session.data, { views: 1 }));
    const cookie = setCookie.map((line) => line.split(";", 1)[0]).join("; ");
    const app = makeApp({ accept: [koaTokens({ keys: [SECRET], now: time.now })], now: time.clock.now });
    const views: unknown[] = [];
    await app.answers((session) => views.push(session.data.views), { Cookie: cookie });
    expect(views).toEqual([1]);
    time.brokenBy = by;
    await expect(app.answers((session) => session.data.views, { Cookie: cookie })).rejects.toMatchObject(NO_TIME);
  });

  it("makes no JWT", async () => {
    const handOn = sessionJwt({ key: jwk, algorithm: "EdDSA", now: by as () => number });
    const alice = { id: "abcdefghijklmnopqrstuvwx", subject: "alice", expiresAt: 1_800_003_600 };
    await expect(handOn.jwt(alice, { audience: "https://orders.example.com" })).rejects.toMatchObject(NO_TIME);
  });

  it("sweeps no table", async () => {
    const store = sqlite(":memory:");
    const app = makeApp({ store });
    await app.does((session) => session.login("alice"));
    await expect(store.sweep(by() as number)).rejects.toMatchObject({ code: "ERR_OPTION" });
    expect(await app.does((session) => session.subject)).toBe("alice");
    store.close();
  });
});

let jwk: Awaited<ReturnType<typeof exportJWK>>;
beforeAll(async () => {
  jwk = await exportJWK((await generateKeyPair("EdDSA", { extractable: true })).privateKey);
});

describe.each<[string, () => Partial<SessionOptions>]>([
  ["in cookies", () => ({})],
  ["in a store", () => ({ store: memory() })],
])("a codec of the application's own, before sessions %s", (_where, kept) => {
  const good = { sid: "abcdefghijklmnopqrstuvwx", start: 1_800_000_000, iat: 1_800_000_000, exp: 1_800_003_600, sub: "alice" };

  async function whoComesBy(claims: object): Promise<unknown> {
    const accept = [defineCodec({ open: () => ({ claims: claims as Claims }), seal: () => "" })];
    const seen: unknown[] = [];
    await makeApp({ ...kept(), accept }).answers((session) => seen.push(session.subject), { Cookie: `${USER_COOKIE}=foreign` });
    return seen[0];
  }

  it("brings no session by times that are no numbers", async () => {
    expect(await whoComesBy({ ...good, data: "{}" })).toBe("alice");
    for (const name of ["start", "exp"])
      for (const time of [Number.NaN, undefined]) expect(await whoComesBy({ ...good, data: "{}", [name]: time })).toBeUndefined();
  });
});
