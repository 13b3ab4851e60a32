/** The option `copy`: most requests ask no store, and what changes elsewhere is seen after at most `maxAge`. */

import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import type { Session, SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp, type StoredApp } from "../support/app.ts";
import { COPY_COOKIE, USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { type FailingSessions, failingStore } from "../support/failing-store.ts";
import { onItsWay } from "../support/on-its-way.ts";

const MAX_AGE = 60;

interface Counted extends StoredApp {
  readonly store: FailingSessions;
  /** What the store was asked since the last time. */
  asked(): string[];
}

/** An application with copies, in which alice is logged in with a cart. */
async function loggedIn(more: Partial<SessionOptions> = {}): Promise<Counted> {
  const store = failingStore();
  const app = makeApp({ copy: copy({ maxAge: MAX_AGE }), ...more, store });
  await app.does((session) => {
    session.login("alice", { meta: { device: "phone" } });
    session.data.cart = ["apple"];
  });
  store.calls.length = 0;
  return { ...app, store, asked: () => store.calls.splice(0) };
}

describe("copy", () => {
  it("answers requests without the store until it is too old, then with it, and again without", async () => {
    const { does, clock, asked } = await loggedIn();
    const read = () => does((session) => [session.subject, session.data.cart, session.startedAt]);
    const start = clock.now();
    for (const seconds of [0, 30, 29]) {
      clock.pass(seconds);
      expect(await read()).toEqual(["alice", ["apple"], start]);
    }
    expect(asked()).toEqual([]);
    clock.pass(1);
    expect(await read()).toEqual(["alice", ["apple"], start]);
    expect(asked()).toEqual(["load"]);
    clock.pass(59);
    expect(await read()).toEqual(["alice", ["apple"], start]);
    expect(asked()).toEqual([]);
  });

  it("is never made again by a response that asked no store", async () => {
    const { answers, clock } = await loggedIn();
    clock.pass(30);
    const response = await answers((session) => session.data.cart);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("is not made by a request that left its session alone, nor on a response for everybody", async () => {
    const { answers, does, clock } = await loggedIn();
    clock.pass(MAX_AGE);
    expect((await answers(() => "page")).headers.getSetCookie()).toEqual([]);
    const shared = () => new Response("page", { headers: { "Cache-Control": "public, max-age=60" } });
    const response = await answers((session) => (session.data.cart ? shared() : undefined));
    expect(response.headers.getSetCookie()).toEqual([]);
    await does((session) => session.data.cart);
    const written = await answers((session) => {
      session.data.cart = [];
      return shared();
    });
    expect(written.headers.getSetCookie()).toEqual([expect.stringMatching(`^${COPY_COOKIE}=e`)]);
  });

  it("shows this browser its own writes at once, and those of others after at most maxAge", async () => {
    const { does, browser, clock, asked } = await loggedIn();
    const other = browser.copy();
    await does((session) => Object.assign(session.data, { cart: ["apple", "pear"] }));
    expect(await does((session) => session.data.cart)).toEqual(["apple", "pear"]);
    expect(asked()).toEqual(["update"]);
    clock.pass(MAX_AGE - 1);
    expect(await does((session) => session.data.cart, other)).toEqual(["apple"]);
    clock.pass(1);
    expect(await does((session) => session.data.cart, other)).toEqual(["apple", "pear"]);
  });

  it("loses no write made from an old copy, and shows the whole afterwards", async () => {
    const { does, browser } = await loggedIn();
    const other = browser.copy();
    await does((session) => Object.assign(session.data, { one: 1 }));
    await does((session) => Object.assign(session.data, { two: 2 }), other);
    expect(other.cookies.has(COPY_COOKIE)).toBe(false);
    expect(await does((session) => ({ ...session.data }), other)).toEqual({ cart: ["apple"], one: 1, two: 2 });
    expect(other.cookies.has(COPY_COOKIE)).toBe(true);
  });

  it("passes a revoked session for at most maxAge, and not in the browser that logs out", async () => {
    const { does, browser, clock, sessions } = await loggedIn();
    const [other, thief] = [browser.copy(), browser.copy()];
    clock.pass(10);
    await does((session) => session.logout());
    expect([...browser.cookies.keys()]).toEqual([]);
    expect(await does((session) => session.subject)).toBe(undefined);
    clock.pass(MAX_AGE - 11);
    expect(await does((session) => session.subject, other)).toBe("alice");
    expect(await sessions.read({ headers: new Headers({ Cookie: thief.cookieHeader() }) })).toMatchObject({ subject: "alice" });
    clock.pass(1);
    expect(await does((session) => session.subject, other)).toBe(undefined);
    expect(await does((session) => session.subject, thief)).toBe(undefined);
  });

  it("does not outlive its time in a client that ignores Max-Age", async () => {
    const { answers, browser, clock, does } = await loggedIn();
    const Cookie = browser.cookieHeader();
    await does((session) => session.logout());
    clock.pass(MAX_AGE);
    await answers((session) => expect(session.subject).toBe(undefined), { Cookie });
  });

  it("is not asked by what must be sure: update, save and regenerateId are told that the session ended elsewhere", async () => {
    const acts: [string, (session: Session) => unknown][] = [
      ["update", (session) => session.update(() => "done")],
      [
        "save",
        (session) => {
          session.data.late = true;
          return session.save();
        },
      ],
      ["regenerateId", (session) => session.regenerateId()],
    ];
    for (const [what, act] of acts) {
      const app = await loggedIn();
      await app.does((session) => session.logout(), app.browser.copy());
      const told = await app.answers(act);
      expect([what, told.status, told.headers.getSetCookie().filter((line) => !line.startsWith(COPY_COOKIE))]).toEqual([
        what,
        409,
        [],
      ]);
      app.clock.pass(MAX_AGE);
      expect([what, await app.does((session) => session.subject)]).toEqual([what, undefined]);
    }
  });

  it("is not asked by a login, which leaves behind what had ended elsewhere", async () => {
    const app = await loggedIn();
    await app.does((session) => session.logout(), app.browser.copy());
    await app.does((session) => {
      session.login("alice");
      session.data.note = "written";
    });
    expect(await app.does((session) => [session.subject, { ...session.data }])).toEqual(["alice", { note: "written" }]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
  });

  it("is not asked by ready({ fresh }) and load({ fresh }), and shows nothing that they did not find", async () => {
    const app = await loggedIn();
    const ended = app.browser.copy();
    await app.does((session) => session.logout(), app.browser.copy());
    await app.does(async (session) => {
      expect([session.subject, session.data.cart]).toEqual(["alice", ["apple"]]);
      await session.ready({ fresh: true });
      expect([session.subject, { ...session.data }, session.isNew, session.gone]).toEqual([undefined, {}, true, undefined]);
    });
    expect(await app.does((session) => session.subject)).toBe(undefined);
    const request = { headers: new Headers({ Cookie: ended.cookieHeader() }) };
    expect((await app.sessions.load(request)).subject).toBe("alice");
    expect((await app.sessions.load(request, { fresh: true })).subject).toBe(undefined);
  });

  it("says nothing of when the login was: loginAge is endless until the store was asked", async () => {
    const { does, clock, asked } = await loggedIn();
    clock.pass(30);
    await does(async (session) => {
      expect(session.loginAge).toBe(Number.POSITIVE_INFINITY);
      await session.ready({ fresh: true });
      expect(session.loginAge).toBe(30);
    });
    expect(asked()).toEqual(["load"]);
    await does((session) => {
      session.login("alice");
      expect(session.loginAge).toBe(0);
    });
  });

  it("of a session that moved elsewhere shows the session for at most maxAge, and what is written from it is not dropped in silence", async () => {
    const { does, posts, browser, clock, events } = await loggedIn();
    const other = browser.copy();
    await does((session) => session.regenerateId());
    expect(await does((session) => session.subject, other)).toBe("alice");
    await expect(posts((session) => Object.assign(session.data, { late: true }), other)).rejects.toThrow("409");
    expect(events).not.toContainEqual(expect.objectContaining({ type: "lost" }));
    await does((session) => Object.assign(session.data, { late: true }), other);
    expect(events).toContainEqual(expect.objectContaining({ type: "lost", reason: "moved" }));
    clock.pass(MAX_AGE);
    expect(await does((session) => session.subject, other)).toBe(undefined);
    expect(await does((session) => [session.subject, { ...session.data }])).toEqual(["alice", { cart: ["apple"] }]);
  });

  it("ready({ fresh: true }) keeps what the request changed before, and shows what others did", async () => {
    const { does, browser } = await loggedIn();
    const other = browser.copy();
    await does((session) => Object.assign(session.data, { one: 1 }));
    const data = await does(async (session) => {
      session.data.two = 2;
      await session.ready({ fresh: true });
      return { ...session.data };
    }, other);
    expect(data).toEqual({ cart: ["apple"], one: 1, two: 2 });
    expect(await does((session) => ({ ...session.data }))).toEqual({ cart: ["apple"], one: 1 });
    expect(await does((session) => ({ ...session.data }), other)).toEqual({ cart: ["apple"], one: 1, two: 2 });
  });

  it.each<[string, (session: Session) => unknown]>([
    ["patch()", (session) => session.patch({ theme: "dark" })],
    [
      "save()",
      (session) => {
        session.data.theme = "dark";
        return session.save();
      },
    ],
    [
      "login() and save()",
      (session) => {
        session.login("alice");
        return session.save();
      },
    ],
    [
      "regenerateId() and save()",
      (session) => {
        session.regenerateId();
        return session.save();
      },
    ],
    ["patch() that nobody awaited", (session) => void session.patch({ theme: "dark" })],
  ])("ready({ fresh: true }) asks the store also after %s", async (_how, act) => {
    const app = await loggedIn();
    await app.does((session) => Object.assign(session.data, { role: "admin" }));
    await app.does((session) => session.data.role);
    const tab = app.browser.copy();
    await app.does((session) => Object.assign(session.data, { role: "none" }));
    const role = await app.does(async (session) => {
      await act(session);
      await session.ready({ fresh: true });
      return session.data.role;
    }, tab);
    expect(role).toBe("none");
  });

  it("counts exactly with update()", async () => {
    const { does, browser } = await loggedIn();
    const other = browser.copy();
    const add = () => does((session) => session.update((data) => Object.assign(data, { count: Number(data.count ?? 0) + 1 })));
    await add();
    await does((session) => session.update((data) => Object.assign(data, { count: Number(data.count ?? 0) + 1 })), other);
    await add();
    expect(await does((session) => session.data.count)).toBe(3);
  });

  it("keeps what a login said when the session gets a new id from a copy", async () => {
    const { does, sessions, asked } = await loggedIn();
    await does((session) => session.regenerateId());
    expect(asked()).toEqual(["replace"]);
    expect(await sessions.list("alice")).toMatchObject([{ meta: { device: "phone" } }]);
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
  });

  it("slides the session although most requests ask no store", async () => {
    const { does, clock, asked } = await loggedIn({ idleTimeout: 3600 });
    for (let minutes = 0; minutes < 180; minutes += 1) {
      clock.pass(60 - (minutes % 2));
      expect(await does((session) => session.subject)).toBe("alice");
    }
    expect(asked().filter((call) => call === "touch").length).toBeGreaterThan(8);
  });

  it("of one session says nothing about another", async () => {
    const { does, browser, newBrowser } = await loggedIn();
    const mallory = newBrowser();
    await does((session) => session.login("mallory"), mallory);
    const own = mallory.cookies.get(COPY_COOKIE);
    const stolen = browser.cookies.get(COPY_COOKIE);
    mallory.cookies.set(COPY_COOKIE, stolen as never);
    expect(await does((session) => session.subject, mallory)).toBe("mallory");
    browser.cookies.set(COPY_COOKIE, own as never);
    expect(await does((session) => session.subject)).toBe("alice");
    browser.cookies.delete(USER_COOKIE);
    expect(await does((session) => session.subject)).toBe(undefined);
  });

  it("that is broken, foreign, or given many times is no copy", async () => {
    const { does, browser, asked } = await loggedIn();
    const good = browser.cookies.get(COPY_COOKIE)?.value ?? "";
    const session = `${USER_COOKIE}=${browser.cookies.get(USER_COOKIE)?.value}`;
    for (const value of [
      "",
      "x",
      good.slice(0, -1),
      `${good}A`,
      good.replace(".", ""),
      browser.cookies.get(USER_COOKIE)?.value,
    ]) {
      const Cookie = `${session}; ${COPY_COOKIE}=${value}`;
      expect(await does((visitor) => visitor.subject, Object.assign(browser.copy(), { cookieHeader: () => Cookie }))).toBe(
        "alice",
      );
      expect(asked()).toEqual(["load"]);
    }
  });

  it("is left out when it does not fit a cookie, and an older one is cleared", async () => {
    const { does, browser, asked } = await loggedIn();
    await does((session) => Object.assign(session.data, { text: "x".repeat(5000) }));
    expect(browser.cookies.has(COPY_COOKIE)).toBe(false);
    expect(await does((session) => String(session.data.text).length)).toBe(5000);
    expect(asked()).toEqual(["update", "load"]);
  });

  it("goes for visitors too, unless they are kept in their own cookie", async () => {
    const store = failingStore();
    const app = makeApp({ store, copy: copy({ maxAge: MAX_AGE }) });
    await app.does((session) => Object.assign(session.data, { views: 1 }));
    await app.does((session) => session.data.views);
    expect(store.calls).toEqual(["create"]);
    const apart = makeApp({ store: memory(), anonymous: "cookie", copy: copy({ maxAge: MAX_AGE }) });
    await apart.does((session) => Object.assign(session.data, { views: 1 }));
    expect([...apart.browser.cookies.keys()]).toEqual([VISITOR_COOKIE]);
  });

  it("does not help a store that is down to a login, and reads go on while it lasts", async () => {
    const { does, store, clock } = await loggedIn();
    store.fail("load", "update", "replace", "create");
    expect(await does((session) => session.subject)).toBe("alice");
    await expect(does((session) => Object.assign(session.data, { a: 1 }))).rejects.toMatchObject({ code: "ERR_STORE" });
    clock.pass(MAX_AGE);
    await expect(does((session) => session.subject)).rejects.toMatchObject({ code: "ERR_STORE" });
  });

  it("needs a strong store, 1 to 300 seconds, and an idle timeout more than twice as long", () => {
    const store = memory();
    expect(() => makeApp({ copy: copy({ maxAge: 60 }) })).toThrow("needs a store");
    expect(() => makeApp({ copy: copy({ maxAge: 60 }), store: plain({ load() {}, save() {}, remove() {} } as never) })).toThrow(
      "atomic",
    );
    for (const maxAge of [0, 301, 1.5, Number.NaN, "60", undefined])
      expect(() => copy({ maxAge: maxAge as never })).toThrow("maxAge");
    expect(() => makeApp({ copy: copy({ maxAge: 60 }), store, idleTimeout: 120 })).toThrow("idleTimeout");
  });

  it("is refused as it was written before, with what to write", () => {
    const said = "Cannot use option copy: write copy: copy({ maxAge: 60 }), with copy of web-session-store/copy";
    for (const given of [{ maxAge: 60 }, copy, 60, true, null])
      expect(() => makeApp({ store: memory(), copy: given as never })).toThrow(
        expect.objectContaining({ code: "ERR_OPTION", message: said }),
      );
  });

  it("of a handler that takes longer than maxAge is not made, and the request does not fail", async () => {
    const { answers, does, browser, clock } = await loggedIn();
    clock.pass(MAX_AGE);
    const read = await answers((session) => {
      expect(session.subject).toBe("alice");
      clock.pass(MAX_AGE + 1);
    });
    expect([read.status, read.headers.getSetCookie()]).toEqual([200, []]);
    await does((session) => session.subject);
    const exact = await answers(async (session) => {
      await session.ready({ fresh: true });
      expect(session.subject).toBe("alice");
      clock.pass(MAX_AGE);
    });
    expect([exact.status, exact.headers.getSetCookie()]).toEqual([200, []]);
    // What was written makes the copy that the browser has wrong.
    await does((session) => session.subject);
    const wrote = await answers(async (session) => {
      await session.update((data) => Object.assign(data, { cart: ["pear"] }));
      clock.pass(MAX_AGE + 1);
    });
    browser.receive(wrote);
    expect([wrote.status, browser.cookies.has(COPY_COOKIE)]).toEqual([200, false]);
    expect(await does((session) => session.data.cart)).toEqual(["pear"]);
  });

  it("may be for one second", async () => {
    const { does, answers, clock, asked } = await loggedIn({ copy: copy({ maxAge: 1 }) });
    expect(await does((session) => session.data.cart)).toEqual(["apple"]);
    expect(asked()).toEqual([]);
    clock.pass(1);
    const [line] = (await answers((session) => session.data.cart)).headers.getSetCookie();
    expect(line).toMatch(new RegExp(`^${COPY_COOKIE}=e.*Max-Age=1;`));
    expect(asked()).toEqual(["load"]);
  });

  it("that ready({ fresh: true }) finds wrong is reported, and nothing of it is shown, whatever was changed before", async () => {
    for (const [end, gone, type] of [
      ["logout", undefined, "unknown"],
      ["regenerateId", "moved", "moved"],
    ] as const) {
      const { does, browser, events } = await loggedIn();
      const other = browser.copy();
      const id = await does((session) => session.id);
      await does((session) => session[end]());
      events.length = 0;
      await does(async (session) => {
        session.data.note = "of this request";
        await session.ready({ fresh: true });
        expect([session.subject, { ...session.data }, session.gone, session.loginAge]).toEqual([
          undefined,
          {},
          gone,
          Number.POSITIVE_INFINITY,
        ]);
      }, other);
      expect(events.filter((event) => event.type === "unknown" || event.type === "moved")).toEqual([
        { type, id, reason: "load" },
      ]);
      expect(other.cookies.has(COPY_COOKIE)).toBe(false);
    }
  });

  it("is good for the maxAge of today, where that is shorter than when it was made", async () => {
    const { store, browser, clock, asked } = await loggedIn();
    const today = makeApp({ store, copy: copy({ maxAge: 10 }), now: clock.now });
    const ask = () => today.answers((session) => expect(session.subject).toBe("alice"), { Cookie: browser.cookieHeader() });
    clock.pass(9);
    await ask();
    expect(asked()).toEqual([]);
    clock.pass(1);
    await ask();
    expect(asked()).toEqual(["load"]);
  });

  it("of a server whose clock is more than a minute ahead is none", async () => {
    const { does, answers, browser, clock, asked } = await loggedIn({ copy: copy({ maxAge: 300 }) });
    clock.pass(300 + 61);
    await does((session) => session.subject);
    const Cookie = browser.cookieHeader();
    const read = () => answers((session) => expect(session.subject).toBe("alice"), { Cookie });
    asked();
    clock.pass(-60);
    await read();
    expect(asked()).toEqual([]);
    clock.pass(-1);
    await read();
    expect(asked()).toEqual(["load"]);
  });

  it("of two counts as the newer one, in whatever order they come", async () => {
    const { does, answers, browser, clock } = await loggedIn();
    const pairOf = () => browser.cookieHeader().split("; ");
    const [token, older] = pairOf();
    clock.pass(1);
    await does((session) => Object.assign(session.data, { cart: ["pear"] }));
    const [, newer] = pairOf();
    expect(newer).not.toBe(older);
    for (const Cookie of [
      [token, older, newer],
      [token, newer, older],
    ]) {
      await answers((session) => expect(session.data.cart).toEqual(["pear"]), {
        Cookie: Cookie.join("; "),
      });
    }
  });

  it("says no longer time than the session has left", async () => {
    const { answers, clock, store } = await loggedIn({ absoluteTimeout: 3600, idleTimeout: 3600 });
    clock.pass(3600 - 30);
    const [line] = (await answers((session) => session.subject)).headers
      .getSetCookie()
      .filter((one) => one.startsWith(COPY_COOKIE));
    expect([line?.includes("; Max-Age=30;"), store.calls.includes("load")]).toEqual([true, true]);
  });

  it("does not come with an answer that follows a session in grace", async () => {
    const { does, answers, browser, clock } = await loggedIn({ copy: copy({ maxAge: 10 }) });
    const Cookie = browser.cookieHeader();
    clock.pass(10);
    await does((session) => session.regenerateId({ graceSeconds: 60 }));
    const response = await answers((session) => expect(session.subject).toBe("alice"), { Cookie });
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each(["GET", "POST"])(
    "of a session that has moved leads nobody to its new id, who asks for a new one by %s",
    async (method) => {
      const { does, posts, answers, browser, clock } = await loggedIn();
      const thief = browser.copy();
      await posts((session) => session.regenerateId());
      clock.pass(30);
      const told = await answers((session) => session.regenerateId(), { Cookie: thief.cookieHeader() }, method);
      expect([told.status, told.headers.getSetCookie().filter((line) => !line.includes("=;"))]).toEqual([409, []]);
      clock.pass(MAX_AGE);
      expect(await does((session) => session.subject, thief)).toBe(undefined);
      expect(await does((session) => session.subject)).toBe("alice");
    },
  );

  it("lets a double click share a new id", async () => {
    const app = await loggedIn();
    const before = app.browser.copy();
    const slow = await onItsWay(app, (session) => session.regenerateId());
    await app.posts((session) => session.regenerateId());
    before.receive(await slow.finish());
    expect(await app.does((session) => session.subject, before)).toBe("alice");
  });

  it("made by a request that joins a new id in grace, with nothing to write, shows the whole after the next write", async () => {
    const app = await loggedIn();
    const slow = await onItsWay(app, async (session) => {
      await session.update((data) => Object.assign(data, { one: 1 }));
      session.regenerateId({ graceSeconds: 10 });
    });
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
    const joined = app.browser.copy();
    joined.receive(await slow.finish());
    await app.does((session) => Object.assign(session.data, { two: 2 }));
    await app.does((session) => Object.assign(session.data, { three: 3 }), joined);
    expect(await app.does((session) => ({ ...session.data }), joined)).toEqual({ cart: ["apple"], one: 1, two: 2, three: 3 });
  });

  it("is removed at the end also where there are more than are looked at, or one is too long to be looked at", async () => {
    for (const junk of [["1", "2", "3", "4", "5"], ["x".repeat(5000)]]) {
      const { answers, browser } = await loggedIn();
      const [token] = browser.cookieHeader().split("; ");
      const Cookie = [token, ...junk.map((value) => `${COPY_COOKIE}=${value}`)].join("; ");
      const response = await answers((session) => session.logout(), { Cookie });
      expect(response.headers.getSetCookie().some((line) => line.startsWith(`${COPY_COOKIE}=;`))).toBe(true);
    }
  });
});
