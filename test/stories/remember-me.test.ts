/** "Remember me": timeouts that `login()` gives one session, wherever it is kept, until the next login. */
import { describe, expect, it } from "vitest";
import { defineCodec } from "../../src/accept/define.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { copy } from "../../src/features/copy.ts";
import type { LoginOptions, Session, SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, makeApp, type StoredApp, type WithStore } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { Clock, DAY, HOUR, MINUTE } from "../support/clock.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { acceptingOld, oldToken, withCookie } from "../support/old-tokens.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

const LONG = { idleTimeout: 60 * DAY, absoluteTimeout: 365 * DAY };
const SHORT = { idleTimeout: 15 * MINUTE, absoluteTimeout: HOUR };

/** Where a session may be kept. */
const KEPT: [string, () => Partial<SessionOptions>][] = [
  ["in its cookie", () => ({})],
  ["in its cookie, readable", () => ({ readable: true })],
  ["in a store", () => ({ store: memory() })],
  ["in a store, with a copy", () => ({ store: memory(), copy: copy({ maxAge: 60 }) })],
  ["in a store, with visitors in a cookie", () => ({ store: memory(), anonymous: "cookie" })],
  ["with its data alone in a store", () => ({ store: plain(plainRows(new Map())) })],
];

const who = (session: Session) => session.subject;
const left = (session: Session, app: App) => session.expiresAt - app.clock.now();

/** An application that kept a visitor's cart, and in which alice has logged in since. */
function loggedIn(options: WithStore, login: LoginOptions): Promise<StoredApp>;
function loggedIn(options: Partial<SessionOptions>, login: LoginOptions): Promise<App>;
async function loggedIn(options: Partial<SessionOptions>, login: LoginOptions): Promise<App> {
  const app = makeApp(options);
  await app.does((session) => Object.assign(session.data, { cart: ["apple"] }));
  await app.does((session) => session.login("alice", login));
  return app;
}

/** Whether a client that keeps its cookies forever is still alice. */
async function isAlice(app: App, Cookie: string): Promise<boolean> {
  let found: boolean | undefined;
  await app.answers(
    (session) => {
      found = session.subject === "alice";
    },
    { Cookie },
  );
  return found === true;
}

describe.each(KEPT)("a session %s", (_where, options) => {
  it("that is remembered lives as long as it is used, and its absolute timeout allows", async () => {
    const app = await loggedIn(options(), LONG);
    for (let days = 0; days < 350; days += 50) {
      expect(await app.does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
      app.clock.pass(50 * DAY);
    }
    expect(await app.does(who)).toBe("alice");
    const Cookie = app.browser.cookieHeader();
    app.clock.pass(15 * DAY - 1);
    expect(await isAlice(app, Cookie)).toBe(true);
    app.clock.pass(1);
    expect(await isAlice(app, Cookie)).toBe(false);
    expect(app.events).toContainEqual(expect.objectContaining({ type: "expired", reason: "absolute" }));
  });

  it("that is remembered ends when it is not used for as long as was said", async () => {
    const app = await loggedIn(options(), LONG);
    const Cookie = app.browser.cookieHeader();
    app.clock.pass(60 * DAY - 1);
    const copy = app.browser.copy();
    expect(await app.does(who, copy)).toBe("alice");
    app.clock.pass(60 * DAY);
    expect(await isAlice(app, Cookie)).toBe(false);
    expect(await isAlice(app, copy.cookieHeader())).toBe(false);
  });

  it("may be given less than the others have, too", async () => {
    const app = await loggedIn(options(), SHORT);
    for (let count = 0; count < 6; count++) {
      expect(await app.does(who)).toBe("alice");
      app.clock.pass(9 * MINUTE + 59);
    }
    const used = app.browser.cookieHeader();
    expect(await isAlice(app, used)).toBe(true);
    app.clock.pass(6);
    expect(await isAlice(app, used)).toBe(false);
    for (const [unused, alive] of [
      [15 * MINUTE - 1, true],
      [15 * MINUTE, false],
    ] as const) {
      await app.does((session) => session.login("alice", SHORT));
      const Cookie = app.browser.cookieHeader();
      app.clock.pass(unused);
      expect(await isAlice(app, Cookie)).toBe(alive);
    }
  });

  it("keeps its timeouts with a new id, and over every change of its data", async () => {
    const app = await loggedIn(options(), LONG);
    app.clock.pass(20 * DAY);
    await app.does((session) => session.regenerateId());
    expect(await app.does((session) => left(session, app))).toBe(60 * DAY);
    app.clock.pass(50 * DAY);
    await app.does((session) => Object.assign(session.data, { cart: ["pear"] }));
    app.clock.pass(50 * DAY);
    await app.does((session) => session.update((data) => Object.assign(data, { views: 1 })));
    app.clock.pass(50 * DAY);
    await app.does(async (session) => {
      session.data.saved = true;
      await session.save();
      session.data.after = true;
    });
    app.clock.pass(59 * DAY);
    expect(await app.does((session) => ({ ...session.data }))).toEqual({ cart: ["pear"], views: 1, saved: true, after: true });
    expect(await app.does((session) => left(session, app))).toBe(60 * DAY);
  });

  it("has those of the options again after a login without any", async () => {
    const app = await loggedIn(options(), LONG);
    app.clock.pass(10 * DAY);
    await app.does((session) => session.login("alice"));
    expect(await app.does((session) => left(session, app))).toBe(DAY);
    const Cookie = app.browser.cookieHeader();
    app.clock.pass(DAY);
    expect(await isAlice(app, Cookie)).toBe(false);
  });

  it("is not shortened by options that are lowered, nor lengthened by those that are raised", async () => {
    const kept = options();
    for (const [login, changed, lives] of [
      [LONG, { idleTimeout: HOUR, absoluteTimeout: HOUR }, 50 * DAY],
      [SHORT, { idleTimeout: 30 * DAY, absoluteTimeout: 90 * DAY }, 15 * MINUTE - 1],
    ] as const) {
      const app = await loggedIn(kept, login);
      const later = makeApp({ ...kept, ...changed, now: app.clock.now });
      const Cookie = app.browser.cookieHeader();
      app.clock.pass(lives);
      expect(await isAlice(later, Cookie)).toBe(true);
      app.clock.pass(login.idleTimeout);
      expect(await isAlice(later, Cookie)).toBe(false);
    }
  });

  it("that ended leaves a visitor's session with the timeouts of the options", async () => {
    const app = await loggedIn(options(), LONG);
    await app.does((session) => {
      session.logout();
      session.data.theme = "dark";
    });
    expect(await app.does((session) => left(session, app))).toBe(DAY);
    app.clock.pass(2 * DAY);
    expect(await app.does((session) => session.isNew)).toBe(true);
  });

  it("is as the last of two logins in one request says", async () => {
    const app = makeApp(options());
    await app.does((session) => {
      session.login("alice", SHORT);
      session.login("alice", { idleTimeout: 2 * HOUR });
    });
    expect(await app.does((session) => left(session, app))).toBe(2 * HOUR);
    await app.does((session) => {
      session.login("alice", LONG);
      session.login("alice");
      session.regenerateId();
    });
    expect(await app.does((session) => left(session, app))).toBe(DAY);
  });

  it("says when it ends from the login on", async () => {
    const app = makeApp(options());
    const ends = await app.does((session) => {
      session.login("alice", LONG);
      return left(session, app);
    });
    expect(ends).toBe(60 * DAY);
    app.clock.pass(310 * DAY);
    await app.does((session) => session.login("alice", { ...LONG, idleTimeout: 365 * DAY }));
    expect(await app.does((session) => left(session, app))).toBe(365 * DAY);
  });
});

describe("the cookie of a remembered session", () => {
  const line = async (options: Partial<SessionOptions>, login: LoginOptions) => {
    const { answers } = makeApp(options);
    const response = await answers((session) => session.login("alice", login));
    return response.headers.getSetCookie().find((one) => one.startsWith(USER_COOKIE)) ?? "";
  };

  it("lasts as long as the session may, in the browser", async () => {
    expect(await line({}, LONG)).toContain(`Max-Age=${60 * DAY};`);
    expect(await line({ store: memory() }, LONG)).toContain(`Max-Age=${365 * DAY};`);
    expect(await line({ store: memory() }, SHORT)).toContain(`Max-Age=${HOUR};`);
    expect(await line({ store: memory() }, { idleTimeout: 60 })).toContain(`Max-Age=${30 * DAY};`);
  });

  it("ends with the browser where that is said, whatever the timeouts", async () => {
    for (const options of [{}, { store: memory() }])
      expect(await line(options, { ...LONG, remember: false })).not.toContain("Max-Age");
    expect(await line({ cookie: { persistent: false } }, LONG)).not.toContain("Max-Age");
  });
});

describe("one timeout alone", () => {
  it("leaves the other to the options, also when those change", async () => {
    const store = memory();
    const app = await loggedIn({ store }, { idleTimeout: 20 * DAY });
    app.clock.pass(19 * DAY);
    expect(await app.does(who)).toBe("alice");
    expect(await app.does((session) => left(session, app))).toBe(11 * DAY);
    const Cookie = app.browser.cookieHeader();
    expect(await isAlice(makeApp({ store, absoluteTimeout: 19 * DAY, now: app.clock.now }), Cookie)).toBe(false);
    app.clock.pass(11 * DAY);
    expect(await isAlice(app, Cookie)).toBe(false);
    await app.does((session) => session.login("alice", { absoluteTimeout: 90 * DAY }));
    const Second = app.browser.cookieHeader();
    app.clock.pass(HOUR);
    expect(await isAlice(makeApp({ store, idleTimeout: HOUR, now: app.clock.now }), Second)).toBe(false);
    expect(await isAlice(app, Second)).toBe(true);
  });
});

describe("use of a session with timeouts of its own", () => {
  it("is recorded at least every quarter of its idle timeout, and as often as that of others", async () => {
    const store = failingStore();
    const app = await loggedIn({ store, touchEvery: 6 * HOUR }, { idleTimeout: 100, absoluteTimeout: HOUR });
    const touches = async () => {
      app.events.length = 0;
      const [before] = await app.sessions.list("alice");
      await app.does(who);
      const [after] = await app.sessions.list("alice");
      return after?.seenAt !== before?.seenAt;
    };
    app.clock.pass(24);
    expect(await touches()).toBe(false);
    app.clock.pass(1);
    expect(await touches()).toBe(true);
    await app.does((session) => session.login("alice", LONG));
    app.clock.pass(6 * HOUR - 1);
    expect(await touches()).toBe(false);
    app.clock.pass(1);
    expect(await touches()).toBe(true);
  });

  it("is recorded by the load itself where a session is loaded when it is asked for", async () => {
    const store = failingStore();
    const app = await loggedIn({ store }, LONG);
    const lazy = makeApp({ store, lazy: true, now: app.clock.now });
    for (let days = 0; days < 100; days += 50) {
      app.clock.pass(50 * DAY);
      store.calls.length = 0;
      const Cookie = app.browser.cookieHeader();
      await lazy.answers(async (session) => expect([await session.ready(), session.subject]).toEqual([undefined, "alice"]), {
        Cookie,
      });
      expect(store.calls).toEqual(["load"]);
      expect(await app.sessions.list("alice")).toMatchObject([{ expiresAt: app.clock.now() + 60 * DAY }]);
    }
  });

  it.each([LONG, SHORT])("by update() moves the end as far as the login said: %j", async (login) => {
    const app = await loggedIn({ store: memory() }, login);
    app.clock.pass(login.idleTimeout - 1);
    await app.does(async (session) => {
      await session.update((data) => Object.assign(data, { views: 1 }));
      expect(await app.sessions.list("alice")).toMatchObject([{ expiresAt: app.clock.now() + login.idleTimeout }]);
    });
  });

  it("is not hidden by a copy: a quarter of the idle timeout after the last use that was written, the store is asked", async () => {
    const store = failingStore();
    const app = await loggedIn({ store, copy: copy({ maxAge: 300 }) }, { idleTimeout: 400, absoluteTimeout: HOUR });
    for (let count = 0; count < 30; count++) {
      app.clock.pass(99);
      expect(await app.does(who)).toBe("alice");
    }
    store.calls.length = 0;
    await app.does(who);
    expect(store.calls).toEqual([]);
    app.clock.pass(400);
    expect(await app.does(who)).toBe(undefined);
  });
});

it("a copy that is asked anew after months is still of a session", async () => {
  const app = await loggedIn({ store: memory(), copy: copy({ maxAge: 60 }) }, LONG);
  for (let days = 0; days < 100; days += 50) {
    app.clock.pass(50 * DAY);
    await app.does(who);
  }
  app.clock.pass(30);
  const found = await app.does(async (session) => {
    const age = session.loginAge;
    await session.ready({ fresh: true });
    return [age, session.subject, session.loginAge];
  });
  expect(found).toEqual([Number.POSITIVE_INFINITY, "alice", 100 * DAY + 30]);
});

describe("timeouts that are none", () => {
  const WRONG = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "60", null, {}, true];

  it("make what a store answers no session", async () => {
    for (const wrong of [
      { idleTimeout: 60 * DAY },
      ...WRONG.flatMap((value) => [{ idleTimeout: value }, { absoluteTimeout: value }]),
    ]) {
      const inner = memory();
      let isWrong = false;
      const store = withMethods(inner, {
        load: async (...asked) => Object.assign({ ...(await inner.load(...asked)) }, isWrong ? wrong : {}) as never,
      });
      const app = await loggedIn({ store }, {});
      isWrong = true;
      const isRight = wrong.idleTimeout === 60 * DAY;
      expect(await app.does(who)).toBe(isRight ? "alice" : undefined);
      expect(app.events.some((event) => event.type === "invalid" && event.reason === "record")).toBe(!isRight);
    }
  });

  it("make what a codec answers no session", async () => {
    for (const wrong of [{ idle: HOUR }, ...WRONG.flatMap((value) => [{ idle: value }, { abs: value }])]) {
      const clock = new Clock();
      const claims = {
        sid: "a-session-elsewhere",
        start: clock.now(),
        iat: clock.now(),
        exp: clock.now() + HOUR,
        data: "{}",
        ...wrong,
      };
      const open = () => ({ claims: { ...claims, sub: "alice" } as never });
      const find = () => ({ values: ["token"], oversize: false, tooMany: false });
      const app = makeApp({ store: memory(), now: clock.now, accept: [defineCodec({ open, find, seal: () => "token" })] });
      expect(await app.does(who)).toBe(wrong.idle === HOUR ? "alice" : undefined);
    }
  });
});

describe("the sessions of a user", () => {
  it("are listed as long as each of them lives, with the timeouts of its own", async () => {
    const app = makeApp({ store: memory() });
    const logins: LoginOptions[] = [{ ...LONG, meta: { device: "phone" } }, {}, { idleTimeout: HOUR }];
    for (const login of logins) await app.does((session) => session.login("alice", login), app.newBrowser());
    const own = async () =>
      (await app.sessions.list("alice")).map(({ idleTimeout, absoluteTimeout, meta }) => [idleTimeout, absoluteTimeout, meta]);
    const remembered = [60 * DAY, 365 * DAY, { device: "phone" }];
    expect(await own()).toEqual([remembered, [undefined, undefined, undefined], [HOUR, undefined, undefined]]);
    app.clock.pass(HOUR);
    expect(await own()).toEqual([remembered, [undefined, undefined, undefined]]);
    app.clock.pass(59 * DAY);
    expect(await own()).toEqual([remembered]);
    expect(Object.keys((await app.sessions.list("alice"))[0] ?? {})).toContain("idleTimeout");
  });

  it("are ended from elsewhere, however long they are remembered", async () => {
    const app = await loggedIn({ store: memory() }, LONG);
    app.clock.pass(40 * DAY);
    const [row] = await app.sessions.list("alice");
    expect(await app.sessions.revoke("alice", row?.id ?? "")).toBe(true);
    expect(await app.does(who)).toBe(undefined);
  });
});

describe("requests at the same time", () => {
  it("of which two log the same user in share one session, with the timeouts of the first", async () => {
    const app = makeApp({ store: memory() });
    await app.does((session) => Object.assign(session.data, { cart: ["apple"] }));
    const [first, second] = await Promise.all([
      app.answers((session) => session.login("alice", LONG)),
      app.answers((session) => session.login("alice", SHORT)),
    ]);
    const [row, ...others] = await app.sessions.list("alice");
    expect(others).toEqual([]);
    for (const answer of [first, second]) {
      app.browser.receive(answer);
      expect(await app.does((session) => left(session, app))).toBe(row?.idleTimeout);
    }
    app.clock.pass(row?.idleTimeout ?? 0);
    expect(await app.does(who)).toBe(undefined);
  });

  it("follow a remembered session in the grace of its old id, long after others would have ended", async () => {
    const app = await loggedIn({ store: memory() }, LONG);
    const late = app.browser.copy();
    app.clock.pass(40 * DAY);
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
    app.clock.pass(5);
    await app.does((session) => Object.assign(session.data, { late: true }), late);
    expect(await app.does((session) => [session.subject, session.data.late])).toEqual(["alice", true]);
  });
});

it("a login that fails with its request gives no timeouts", async () => {
  const app = await loggedIn({ store: memory() }, {});
  const failing = app.does(async (session) => {
    session.login("alice", LONG);
    throw new Error("The password is wrong");
  });
  await expect(failing).rejects.toThrow("The password is wrong");
  expect(await app.does((session) => left(session, app))).toBe(DAY);
});

describe("an accepted session", () => {
  it("of other software has the timeouts of the options until a login, whatever its token says", async () => {
    const app = acceptingOld(memory());
    const browser = withCookie(app, await oldToken({ sub: "alice", sid: "a-session-elsewhere", idle: 1, abs: 1, data: {} }));
    expect(await app.does((session) => [session.subject, left(session, app)], browser)).toEqual(["alice", DAY]);
    await app.does((session) => session.login("alice", LONG), browser);
    expect(await app.does((session) => left(session, app), browser)).toBe(60 * DAY);
  });

  it.each([
    ["a session in a cookie of ours, remembered for longer", LONG, 50 * DAY],
    ["one that was to be short", SHORT, 14 * MINUTE],
  ])("goes on as it was promised: %s", async (_what, login, lives) => {
    for (const stored of [{ store: memory() }, {}]) {
      const before = await loggedIn({ name: "before" }, login);
      const after = makeApp({
        ...stored,
        now: before.clock.now,
        accept: [ownTokens({ secrets: SECRET, name: "before" })],
      });
      const browser = withCookie(after, before.browser.cookieHeader());
      before.clock.pass(lives);
      expect(await after.does((session) => [session.subject, session.data.cart], browser)).toEqual(["alice", ["apple"]]);
      expect(await after.does((session) => left(session, before), browser)).toBe(login.idleTimeout);
      const Cookie = browser.cookieHeader();
      before.clock.pass(login.idleTimeout);
      expect(await isAlice(after, Cookie)).toBe(false);
    }
  });
});

describe("login() refuses", () => {
  const refused = async (login: object, options: Partial<SessionOptions> = {}) => {
    const app = makeApp(options);
    return app.does((session) => {
      try {
        session.login("alice", login);
      } catch (error) {
        const { code, message } = error as Error & { code: string };
        return session.subject === undefined && `${code}: ${message}`;
      }
      return "nothing";
    });
  };

  it.each(["idleTimeout", "absoluteTimeout"])("an %s that is no duration, or a longer one than browsers keep", async (name) => {
    for (const value of [0, -1, 0.5, 34_560_001, Number.NaN, Number.POSITIVE_INFINITY, "60", null, 60n, {}, true]) {
      const text = `ERR_OPTION: Cannot use ${name} ${shown(value)}: it must be a whole number of seconds, 1 to 34560000`;
      expect(await refused({ [name]: value })).toBe(text);
    }
  });

  it.each<[object, string]>([
    [
      { idleTimeout: 2 * HOUR, absoluteTimeout: HOUR },
      "Cannot log in with idleTimeout 7200: it is more than absoluteTimeout, 3600; both are in seconds",
    ],
    [
      { idleTimeout: 31 * DAY },
      "Cannot log in with idleTimeout 2678400: it is more than absoluteTimeout, 2592000; both are in seconds. Give login() an absoluteTimeout, too",
    ],
    [
      { absoluteTimeout: HOUR },
      "Cannot log in with absoluteTimeout 3600: it is less than the option idleTimeout, 86400. Give login() an idleTimeout, too",
    ],
  ])("an idle timeout that would never be reached: %j", async (login, message) => {
    expect(await refused(login)).toBe(`ERR_OPTION: ${message}`);
  });

  it("nothing within these limits", async () => {
    const longest = 34_560_000;
    for (const login of [
      { idleTimeout: longest, absoluteTimeout: longest },
      { idleTimeout: 1, absoluteTimeout: 1 },
      { idleTimeout: 30 * DAY },
      { absoluteTimeout: DAY },
      { idleTimeout: undefined, absoluteTimeout: undefined },
    ])
      expect(await refused(login)).toBe("nothing");
    expect(await refused({ absoluteTimeout: HOUR }, { idleTimeout: 60 })).toBe("nothing");
  });
});

/** As it stands in a message. */
function shown(value: unknown): string {
  return typeof value === "object" && value !== null
    ? "object"
    : typeof value === "string"
      ? JSON.stringify(value)
      : String(value);
}
