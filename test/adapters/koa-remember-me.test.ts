/** Koa's compatible mode: timeouts that `login()` gives one session, in cookies and stores that know no timeouts otherwise. */
import Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { koaCookies } from "../support/koa-cookies.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

type Options = Exclude<NonNullable<Parameters<typeof session>[0]>, { secrets: unknown }>;
type Act = (ctx: Koa.Context) => unknown;

const LONG = { idleTimeout: 60 * DAY, absoluteTimeout: 365 * DAY };

function makeApp(options: Options = {}, clock = new Clock()) {
  const app = new Koa();
  app.silent = true;
  app.keys = [SECRET];
  const acts: Act[] = [];
  app.use(session({ now: clock.now, onEvent: () => {}, ...options } as Options));
  app.use(async (ctx) => {
    ctx.body = JSON.stringify((await acts[Number(ctx.path.slice(1))]?.(ctx as unknown as Koa.Context)) ?? null);
  });
  const browser = new Browser(serveNode(app.callback()), clock);
  const ask = async (act: Act, headers: Record<string, string> = {}) => {
    const response = await browser.visit(`/${acts.push(act) - 1}`, { headers });
    if (response.status >= 500) throw new Error(`status ${response.status}`);
    return response;
  };
  const does = async (act: Act, headers: Record<string, string> = {}) => JSON.parse(await (await ask(act, headers)).text());
  const login = (timeouts: object) =>
    ask((ctx) => {
      ctx.session.cart = ["apple"];
      getSession(ctx).login("alice", timeouts);
    });
  return { ask, does, login, browser, clock };
}

const seen: Act = (ctx) => [getSession(ctx).subject ?? null, ctx.session.cart ?? null];
const ALICE = ["alice", ["apple"]];
const NOBODY = [null, null];

describe.each<[string, () => Options]>([
  ["in the cookie", () => ({})],
  ["in a store of three methods", () => ({ store: plainRows(new Map()) })],
  ["in a store of records", () => ({ store: memory() })],
])("a session %s", (_where, kept) => {
  it.each<[string, Options]>([
    ["have no timeouts", {}],
    ["have timeouts", { idleTimeout: HOUR, absoluteTimeout: DAY }],
    ["have a maxAge", { cookie: { maxAge: HOUR * 1000 } }],
  ])("is remembered as long as the login says, where the others %s", async (_what, options) => {
    const { does, login, browser, clock } = makeApp({ ...kept(), ...options });
    await login(LONG);
    for (let days = 0; days < 350; days += 50) {
      expect(await does(seen)).toEqual(ALICE);
      clock.pass(50 * DAY);
    }
    expect(await does(seen)).toEqual(ALICE);
    const Cookie = browser.cookieHeader();
    clock.pass(15 * DAY);
    expect(await does(seen, { Cookie })).toEqual(NOBODY);
  });

  it("ends when it is not used, and keeps its timeouts with a new id, until the next login", async () => {
    const { ask, does, login, browser, clock } = makeApp(kept());
    await login({ idleTimeout: HOUR });
    await ask((ctx) => getSession(ctx).regenerateId());
    const Cookie = browser.cookieHeader();
    clock.pass(HOUR - 1);
    expect(await does(seen, { Cookie })).toEqual(ALICE);
    clock.pass(HOUR);
    expect(await does(seen, { Cookie })).toEqual(NOBODY);
    await login({ idleTimeout: HOUR });
    await login({});
    const later = browser.cookieHeader();
    clock.pass(1000 * DAY);
    expect(await does(seen, { Cookie: later })).toEqual(ALICE);
  });
});

describe("the cookie", () => {
  const expires = async (options: Options, timeouts: object) => {
    const { login, clock } = makeApp(options);
    const [line = ""] = (await login(timeouts)).headers.getSetCookie();
    const [, day] = /expires=([^;]+)/.exec(line) ?? [];
    return day === undefined ? undefined : Date.parse(day) / 1000 - clock.now();
  };

  it("lasts as long as the session, where it would end with the browser otherwise", async () => {
    expect(await expires({}, {})).toBe(undefined);
    expect(await expires({}, LONG)).toBe(60 * DAY);
    expect(await expires({ store: memory() }, LONG)).toBe(365 * DAY);
    expect(await expires({}, { absoluteTimeout: DAY })).toBe(DAY);
    expect(await expires({ absoluteTimeout: DAY }, {})).toBe(undefined);
    expect(await expires({}, { ...LONG, remember: false })).toBe(undefined);
  });

  it("has a day that browsers can read, where a session in a store has no absolute timeout", async () => {
    expect(await expires({ store: memory() }, { idleTimeout: HOUR })).toBe(400 * DAY);
    expect(await expires({ store: memory(), idleTimeout: HOUR }, {})).toBe(400 * DAY);
  });

  it("says the timeouts in names of its own, and none where there are none", async () => {
    const namesIn = async (timeouts: object) => {
      const { login, browser } = makeApp();
      await login(timeouts);
      return Object.keys(JSON.parse(browser.cookies.get("koa:sess")?.value ?? "{}"));
    };
    expect(await namesIn({})).toEqual(["cart", "_sid", "_start", "_sub"]);
    expect(await namesIn(LONG)).toEqual(["cart", "_sid", "_start", "_exp", "_sub", "_idle", "_abs"]);
    expect(await namesIn({ idleTimeout: 60 })).toEqual(["cart", "_sid", "_start", "_exp", "_sub", "_idle"]);
  });
});

describe("the names _idle and _abs", () => {
  const sid = "d43rlxIKwHMUWPX";
  const read = (said: object) =>
    makeApp().does((ctx) => ({ ...ctx.session }), { Cookie: koaCookies(JSON.stringify(said), [SECRET]) });

  it("are dropped from what koa-session-store wrote, and the rest is kept, also when the cookie is made again", async () => {
    const brings = { Cookie: koaCookies(JSON.stringify({ _idle: 1, _abs: "x", a: 1, _sid: sid }), [SECRET]) };
    expect(await read({ _idle: 1, _abs: "x", a: 1, _sid: sid })).toEqual({ a: 1 });
    for (const options of [{}, { idleTimeout: 60 }]) {
      const { does, browser } = makeApp(options);
      await does((ctx) => Object.assign(ctx.session, { b: 2 }), brings);
      const value = JSON.parse(browser.cookies.get("koa:sess")?.value ?? "{}");
      expect(value).toMatchObject({ a: 1, b: 2, _sid: sid });
      expect(value).not.toHaveProperty("_abs");
    }
  });

  it("are no timeouts when they are no durations", async () => {
    const start = new Clock().now();
    for (const said of [{ _idle: "1" }, { _abs: -1 }, { _idle: 0 }, { _abs: 1.5 }, { _idle: null }, { _abs: {} }])
      expect(await read({ a: 1, _sid: sid, _start: start, ...said })).toEqual({});
    expect(await read({ a: 1, _sid: sid, _start: start, _idle: 60, _abs: 60 })).toEqual({ a: 1 });
  });

  it("are refused in the data, like the others", async () => {
    for (const data of [{ _idle: 1 }, { _abs: 1 }])
      await expect(makeApp().ask((ctx) => Object.assign(ctx.session, data))).rejects.toThrow("status 500");
  });
});
