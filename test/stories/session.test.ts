/** Session: what its members do, seen from the next request. */

import { describe, expect, it, vi } from "vitest";
import { ConflictError, createSessions, DataError, StateError } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp, typesOf } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { plainRows } from "../support/plain-rows.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";
import { waitingStore } from "../support/slow-store.ts";

const request = (Cookie = "") => new Request("https://app.example.com/", { headers: Cookie === "" ? {} : { Cookie } });

describe("session.login()", () => {
  it("keeps only the named keys of a visitor whose cookie another host could have set", async () => {
    const { does } = makeApp({ store: memory(), cookie: { domain: "example.com" } });
    await does((session) => Object.assign(session.data, { cart: "apple", planted: "evil" }));
    await does((session) => session.login("alice", { keep: ["cart"] }));
    expect({ ...(await does((session) => session.data)) }).toEqual({ cart: "apple" });
  });

  it("keeps nothing of such a visitor when no keys are named", async () => {
    const { does } = makeApp({ store: memory(), cookie: { path: "/app" } });
    await does((session) => {
      session.data.planted = "evil";
      session.flash("notice", "planted too");
    });
    await does((session) => session.login("alice"));
    expect(await does((session) => [session.data.planted, session.takeFlash("notice")])).toEqual([undefined, undefined]);
  });

  it("keeps only the named keys when keys are named", async () => {
    const { does } = makeApp();
    await does((session) => Object.assign(session.data, { cart: "apple", theme: "dark" }));
    await does((session) => session.login("alice", { keep: ["cart"] }));
    expect({ ...(await does((session) => session.data)) }).toEqual({ cart: "apple" });
  });

  it("keeps the data when the same user logs in again, under a new id", async () => {
    const { does } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const before = await does((session) => {
      session.data.cart = "apple";
      return session.id;
    });
    await does((session) => session.login("alice"));
    expect(await does((session) => session.data.cart)).toBe("apple");
    expect(await does((session) => session.id)).not.toBe(before);
  });

  it("takes what the handler writes before and after it", async () => {
    const { does } = makeApp({ store: memory() });
    await does((session) => {
      const { data } = session;
      data.before = 1;
      session.login("alice");
      data.after = 2;
    });
    expect({ ...(await does((session) => session.data)) }).toEqual({ before: 1, after: 2 });
  });

  it("takes only what the handler writes after it when another user logs in", async () => {
    const { does } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    await does((session) => {
      session.data.hers = 1;
      session.login("bob", { keep: ["hers"] });
      session.data.later = 2;
    });
    expect({ ...(await does((session) => session.data)) }).toEqual({ later: 2 });
  });

  it("logs in also when the visitor's session ended meanwhile, with what this request wrote and nothing of what had ended", async () => {
    for (const keep of [undefined, ["cart", "note"]]) {
      const { does, posts, browser, events } = makeApp({ store: memory() });
      await does((session) => {
        session.data.cart = "apple";
      });
      const twin = browser.copy();
      await posts(async (session) => {
        session.data.note = "written";
        await does((inner) => inner.destroy(), twin);
        session.login("alice", keep && { keep });
        session.data.after = true;
      });
      expect(await does((session) => [session.subject, { ...session.data }])).toEqual([
        "alice",
        { note: "written", after: true },
      ]);
      expect(typesOf(events)).not.toContain("lost");
    }
  });

  it("sets a cookie that ends with the browser when told not to remember, also when it is made again", async () => {
    for (const store of [memory(), undefined]) {
      const { does, answers, clock, browser } = makeApp(store && { store });
      const login = await answers((session) => session.login("alice", { remember: false }));
      expect(login.headers.getSetCookie()[0]).not.toMatch(/Max-Age|Expires/);
      browser.receive(login);
      clock.pass(7 * HOUR);
      await does((session) => session.regenerateId());
      expect([...browser.cookies.values()][0]?.endsAt).toBe(Number.POSITIVE_INFINITY);
      expect(await does((session) => session.subject)).toBe("alice");
    }
  });

  it("keeps what the application says about it, for lists", async () => {
    const store = memory();
    const { does } = makeApp({ store });
    await does((session) => session.login("alice", { meta: { device: "Firefox" } }));
    await does((session) => session.regenerateId());
    expect((await store.list?.("alice"))?.map(({ meta }) => meta)).toEqual([{ device: "Firefox" }]);
  });

  it("refuses a subject that is no name", async () => {
    const { answers } = makeApp();
    for (const subject of ["", undefined, null, 7]) {
      await expect(answers((session) => session.login(subject as string))).rejects.toMatchObject({ code: "ERR_OPTION" });
    }
  });
});

describe("session.destroy()", () => {
  it("starts another session when something is written afterwards", async () => {
    const { does, browser, events } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const before = await does((session) => session.id);
    await does((session) => {
      const { data } = session;
      session.destroy();
      expect(session.isNew).toBe(true);
      data.farewell = "bye";
    });
    expect([...browser.cookies.keys()]).toEqual([VISITOR_COOKIE]);
    expect(await does((session) => [session.subject, session.data.farewell, session.id === before])).toEqual([
      undefined,
      "bye",
      false,
    ]);
    expect(typesOf(events)).toContain("destroyed");
  });

  it("is carried out also when what is written afterwards cannot be kept", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const writing = does((session) => {
      session.destroy();
      session.data.when = new Date(0);
    });
    await expect(writing).rejects.toMatchObject({ code: "ERR_DATA_NOT_JSON" });
    expect(await does((session) => session.subject, browser)).toBeUndefined();
  });

  it("undoes a login of the same request", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => {
      session.login("alice");
      session.logout();
    });
    expect(browser.cookieHeader()).toBe("");
  });

  it("sets no cookie for a visitor who had none", async () => {
    const { answers } = makeApp();
    expect((await answers((session) => session.destroy())).headers.getSetCookie()).toEqual([]);
  });
});

describe("session.id, isNew, startedAt, expiresAt", () => {
  it("id is known at once and is the one the next request sees", async () => {
    const { does } = makeApp({ store: memory() });
    const id = await does((session) => {
      session.data.views = 1;
      return session.id;
    });
    expect(id).toMatch(/^[\w-]{32}$/);
    expect(await does((session) => session.id)).toBe(id);
  });

  it("id is new at once after login, regenerateId and destroy", async () => {
    const { does } = makeApp({ store: memory() });
    const ids = await does((session) => {
      session.data.views = 1;
      const seen = [session.id];
      session.login("alice");
      seen.push(session.id);
      session.regenerateId();
      seen.push(session.id);
      session.destroy();
      return [...seen, session.id];
    });
    expect(new Set(ids).size).toBe(4);
  });

  it("say when the session began and when it ends", async () => {
    const { does, clock } = makeApp({ store: memory() });
    const start = clock.now();
    await does((session) => {
      expect([session.isNew, session.startedAt, session.expiresAt]).toEqual([true, start, start + DAY]);
      session.data.views = 1;
    });
    clock.pass(HOUR);
    await does((session) => {
      expect([session.isNew, session.startedAt, session.expiresAt]).toEqual([false, start, start + DAY]);
      session.login("alice");
      expect(session.startedAt).toBe(start + HOUR);
    });
    clock.pass(HOUR);
    expect(await does((session) => session.startedAt)).toBe(start + HOUR);
  });
});

describe("session.loginAge", () => {
  it("is how many seconds ago the user logged in, from the latest login on", async () => {
    for (const store of [memory(), undefined]) {
      const { does, clock } = makeApp(store && { store });
      await does((session) => session.login("alice"));
      clock.pass(300);
      expect(await does((session) => session.loginAge)).toBe(300);
      clock.pass(1);
      expect(await does((session) => session.loginAge)).toBe(301);
      await does((session) => session.login("alice"));
      expect(await does((session) => session.loginAge)).toBe(0);
    }
  });

  it("is 0 at once after the login, and goes on through a new id and through use", async () => {
    const { does, clock } = makeApp({ store: memory() });
    await does((session) => {
      session.login("alice");
      expect(session.loginAge).toBe(0);
    });
    clock.pass(10 * HOUR);
    await does((session) => {
      session.regenerateId();
      expect(session.loginAge).toBe(10 * HOUR);
    });
    expect(await does((session) => [session.subject, session.loginAge])).toEqual(["alice", 10 * HOUR]);
  });

  it("is endless for an old id, and for a session that ended while the request ran", async () => {
    const { does, browser, clock } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    clock.pass(10 * HOUR);
    const late = browser.copy();
    await does((session) => session.regenerateId());
    expect(await does((session) => [session.subject, session.gone, session.loginAge], late)).toEqual([
      undefined,
      "moved",
      Number.POSITIVE_INFINITY,
    ]);
    await does(async (session) => {
      session.data.a = 1;
      await does((other) => other.destroy(), browser.copy());
      await expect(session.save()).rejects.toMatchObject({ code: "ERR_SESSION_GONE", why: "ended" });
      expect(session.loginAge).toBe(Number.POSITIVE_INFINITY);
    });
    await does((session) => session.login("alice"));
    await does((session) => {
      session.logout();
      expect(session.loginAge).toBe(Number.POSITIVE_INFINITY);
    });
  });

  it("is that of the session itself for an old id in grace", async () => {
    const { does, browser, clock } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    clock.pass(10 * HOUR);
    const late = browser.copy();
    await does((session) => session.regenerateId({ graceSeconds: 10 }));
    expect(await does((session) => [session.subject, session.loginAge], late)).toEqual(["alice", 10 * HOUR]);
  });

  it("is endless when nobody is logged in, however new the session", async () => {
    const { does } = makeApp();
    expect(await does((session) => session.loginAge)).toBe(Number.POSITIVE_INFINITY);
    await does((session) => {
      session.data.views = 1;
      expect(session.loginAge).toBe(Number.POSITIVE_INFINITY);
    });
  });
});

describe("session.save() and session.update()", () => {
  it("save() writes before the response, and the cookie follows", async () => {
    const { does, sessions } = makeApp({ store: memory() });
    await does(async (session) => {
      session.data.step = 1;
      await session.save();
      session.data.step = 2;
    });
    expect(await does((session) => session.data.step)).toBe(2);
    expect(sessions).toHaveProperty("read");
  });

  it("save() makes a change visible to others while the request goes on", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const twin = browser.copy();
    await does(async (session) => {
      session.data.step = 1;
      await session.save();
      expect(await does((inner) => inner.data.step, twin)).toBe(1);
    });
  });

  it("update() runs on what the store holds, and this request sees the result", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => {
      session.data.stock = 10;
    });
    const twin = browser.copy();
    await does(async (session) => {
      expect(session.data.stock).toBe(10);
      await does((inner) => {
        inner.data.stock = 4;
      }, twin);
      session.data.mine = "kept";
      const left = await session.update((data) => {
        data.stock = Number(data.stock) - 1;
        return data.stock;
      });
      expect([left, session.data.stock, session.data.mine]).toEqual([3, 3, "kept"]);
    });
    expect(await does((session) => [session.data.stock, session.data.mine])).toEqual([3, "kept"]);
  });

  it("update() runs again when another request was faster, and says so", async () => {
    const { does, browser, events } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const twin = browser.copy();
    let runs = 0;
    await does((session) =>
      session.update(async (data) => {
        if (runs++ === 0) {
          await does((inner) => {
            inner.data.count = 10;
          }, twin);
        }
        data.count = Number(data.count ?? 0) + 1;
      }),
    );
    expect(await does((session) => session.data.count)).toBe(11);
    expect(runs).toBe(2);
    expect(typesOf(events)).toContain("conflict");
  });

  it("update() gives up with a ConflictError when it never gets to write", async () => {
    const store = withMethods(memory(), { update: async () => ({ ok: false, why: "conflict" }) });
    const { does } = makeApp({ store });
    await does((session) => session.login("alice"));
    const failing = does((session) => session.update((data) => Object.assign(data, { count: 1 })));
    await expect(failing).rejects.toBeInstanceOf(ConflictError);
  });

  it("update() is use, also where the cookie alone says when a session was used", async () => {
    for (const more of [{}, { store: memory() }, { store: plain(plainRows(new Map())) }]) {
      const { does, clock } = makeApp({ ...more, idleTimeout: 10 * HOUR });
      await does((session) => session.login("alice"));
      for (let count = 1; count <= 5; count++) {
        clock.pass(9 * HOUR);
        const add = (data: Record<string, unknown>) => Object.assign(data, { count });
        expect(await does((session) => session.update(add))).toMatchObject({ count });
      }
      expect(await does((session) => [session.subject, session.data.count])).toEqual(["alice", 5]);
    }
  });

  it("update() works for a session that is new, and for one that is in its cookie", async () => {
    for (const store of [memory(), undefined]) {
      const { does } = makeApp(store && { store });
      for (const count of [1, 2]) {
        const increment = () =>
          does((session) =>
            session.update((data) => {
              data.count = Number(data.count ?? 0) + 1;
              return data.count;
            }),
          );
        expect(await increment()).toBe(count);
      }
    }
  });

  it("update() takes nothing back that happens while it runs: a login, a flash, other data, an end", async () => {
    for (const store of [memory(), undefined]) {
      const { does } = makeApp(store && { store });
      await does((session) => Object.assign(session.data, { count: 1, cart: ["apple"] }));
      await does(async (session) => {
        const { cart } = session.data as { cart: string[] };
        await session.update((data) => {
          data.count = 2;
          session.login("alice");
          session.flash("notice", "hi");
          session.data.other = "kept";
        });
        cart.push("pear");
      });
      expect(await does((session) => [session.subject, session.takeFlash("notice"), { ...session.data }])).toEqual([
        "alice",
        "hi",
        { count: 2, cart: ["apple", "pear"], other: "kept" },
      ]);
      await does(async (session) => {
        await session.update(() => session.destroy());
        session.login("bob");
      });
      expect(await does((session) => [session.subject, { ...session.data }])).toEqual(["bob", {}]);
    }
  });

  it("update() whose change throws changes nothing", async () => {
    for (const store of [memory(), undefined]) {
      const { does } = makeApp(store && { store });
      for (const credits of [undefined, 3]) {
        await does(async (session) => {
          session.data.credits = credits;
          const spending = session.update((data) => {
            data.credits = -2;
            throw new Error("too little");
          });
          await expect(spending).rejects.toThrow("too little");
        });
        expect(await does((session) => session.data.credits)).toBe(credits);
      }
    }
  });

  it("update() of a session that has expired meanwhile writes nothing", async () => {
    const store = memory();
    const clockless = withMethods(store, {
      load: async (key) => store.load(key, { now: 0 }),
      update: async (key, patch, options) => store.update(key, patch, { ...options, now: 0 }),
    });
    const { does, posts, clock, events } = makeApp({ store: clockless, idleTimeout: HOUR });
    await does((session) => session.login("alice"));
    let runs = 0;
    await posts(async (session) => {
      clock.pass(2 * HOUR);
      const counting = session.update(() => runs++);
      await expect(counting).rejects.toMatchObject({ code: "ERR_SESSION_GONE", why: "ended" });
    });
    expect(runs).toBe(0);
    expect(typesOf(events)).not.toContain("saved");
    expect(await does((session) => session.subject)).toBeUndefined();
  });

  it("a login, a new id or an end that comes while save() is on its way is carried out", async () => {
    const slow = waitingStore(memory(), () => new Promise((resolve) => setTimeout(resolve, 3)));
    for (const act of ["login", "regenerateId", "destroy"] as const) {
      for (const fresh of [true, false]) {
        const { does } = makeApp({ store: slow });
        const before = fresh
          ? undefined
          : await does((session) => {
              session.data.n = 1;
              return session.id;
            });
        await does(async (session) => {
          session.data.n = 2;
          const saving = session.save();
          await new Promise((resolve) => setTimeout(resolve, 1));
          if (act === "login") session.login("alice");
          else session[act]();
          await saving;
        });
        const seen = await does((session) => [session.subject, session.data.n, session.id === before]);
        const expected = {
          login: ["alice", 2, false],
          regenerateId: [undefined, 2, false],
          destroy: [undefined, undefined, false],
        };
        expect(seen, `${act} ${fresh}`).toEqual(expected[act]);
      }
    }
  });

  it("a save() that failed although the store wrote may be tried again", async () => {
    const inner = memory();
    let failures = 1;
    const store = withMethods(inner, {
      create: async (...args) => {
        await inner.create(...args);
        if (failures-- > 0) throw new Error("timed out");
      },
    });
    const { does } = makeApp({ store });
    await does(async (session) => {
      session.login("alice");
      await expect(session.save()).rejects.toMatchObject({ code: "ERR_STORE" });
    });
    expect(await does((session) => session.subject)).toBe("alice");
  });

  it("a session in its cookie cannot be saved once the response is made", async () => {
    const sessions = createSessions({ secrets: SECRET });
    const session = await sessions.load(request());
    session.data.views = 1;
    await sessions.apply(session, new Response());
    await expect(session.save()).rejects.toMatchObject({ code: "ERR_SESSION_COMMITTED" });
    await expect(session.update(() => {})).rejects.toMatchObject({ code: "ERR_SESSION_COMMITTED" });
    expect(() => session.login("alice")).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    expect(() => {
      session.data.views = 2;
    }).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
  });
});

describe("session.data", () => {
  it("refuses, at the save, what JSON cannot carry, and says where it is", async () => {
    const { answers } = makeApp();
    const bad: [unknown, string][] = [
      [{ when: new Date(0) }, "data.bad.when holds a Date object"],
      [[1, new Map()], "data.bad[1] holds a Map object"],
      [10n, "data.bad holds a bigint"],
      [Number.NaN, "data.bad holds NaN"],
      [() => 1, "data.bad holds a function"],
    ];
    for (const [value, message] of bad) {
      const error = await answers((session) => {
        session.data.bad = value;
      }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DataError);
      expect((error as DataError).code).toBe("ERR_DATA_NOT_JSON");
      expect((error as DataError).message).toContain(message);
    }
  });

  it("leaves the application's own objects as they are after the response", async () => {
    const user = { name: "alice", visits: 0, tags: ["a"] };
    const { does } = makeApp({ store: memory() });
    await does((session) => {
      session.data.user = user;
    });
    user.visits++;
    user.tags.push("b");
    expect(await does((session) => session.data.user)).toEqual({ name: "alice", visits: 0, tags: ["a"] });
  });

  it("that parallel requests made too large together can still be read and made smaller, but not larger", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const [one, two] = [browser.copy(), browser.copy()];
    await does(async (session) => {
      session.data.a = "x".repeat(40_000);
      await does((other) => {
        other.data.b = "x".repeat(40_000);
      }, two);
    }, one);
    expect(await does((session) => [session.subject, Object.keys(session.data).sort()])).toEqual(["alice", ["a", "b"]]);
    const growing = does((session) => {
      session.data.c = "x";
    });
    await expect(growing).rejects.toMatchObject({ code: "ERR_DATA_TOO_LARGE" });
    await does((session) => {
      delete session.data.a;
    });
    expect(await does((session) => Object.keys(session.data))).toEqual(["b"]);
  });

  it("notices a change deep inside", async () => {
    const { does } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = { items: [{ name: "apple", count: 1 }] };
    });
    await does((session) => {
      const cart = session.data.cart as { items: { count: number }[] };
      if (cart.items[0]) cart.items[0].count = 5;
    });
    expect(await does((session) => session.data.cart)).toEqual({ items: [{ name: "apple", count: 5 }] });
  });

  it("loses a key that is deleted or set to undefined, and keeps null", async () => {
    const { does } = makeApp({ store: memory() });
    await does((session) => Object.assign(session.data, { a: 1, b: 2, c: 3 }));
    await does((session) => {
      delete session.data.a;
      session.data.b = undefined;
      session.data.c = null;
    });
    expect({ ...(await does((session) => session.data)) }).toEqual({ c: null });
  });

  it("refuses more than a cookie can hold, naming the size, the largest keys and the way out", async () => {
    const { answers } = makeApp();
    const error = await answers((session) => {
      session.data.small = "x";
      session.data.essay = "x".repeat(4000);
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ERR_COOKIE_TOO_LARGE" });
    expect((error as Error).message).toMatch(/would take \d{4} bytes.*"essay" \(4002\), "small" \(3\).*Use a store/);
  });

  it("refuses keys that flash values are kept under", async () => {
    const { answers } = makeApp();
    const writing = answers((session) => {
      session.data["~flash:notice"] = 1;
    });
    await expect(writing).rejects.toMatchObject({ code: "ERR_DATA_NOT_JSON" });
  });
});

describe("a lazy session", () => {
  it("asks no store until it is asked for, and throws when it is used before", async () => {
    const store = failingStore();
    const { does, answers } = makeApp({ store, lazy: true });
    await does(async (session) => {
      await session.ready();
      session.login("alice");
    });
    store.calls.length = 0;
    await does(() => {});
    expect(store.calls).toEqual([]);
    const early = answers((session) => session.data.views);
    await expect(early).rejects.toBeInstanceOf(StateError);
    await expect(answers((session) => session.subject)).rejects.toMatchObject({ code: "ERR_SESSION_NOT_LOADED" });
    expect(
      await does(async (session) => {
        await session.ready();
        return session.subject;
      }),
    ).toBe("alice");
  });

  it("that is loaded only after the response can be read, and takes no change", async () => {
    const { does } = makeApp({ store: memory(), lazy: true });
    await does(async (session) => {
      await session.ready();
      session.data.n = 1;
    });
    const held = await does((session) => session);
    await held.ready();
    expect(held.data.n).toBe(1);
    expect(() => held.login("alice")).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    expect(() => {
      held.data.n = 2;
    }).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    expect(held.data.n).toBe(1);
  });

  it("ends by a timeout that was lowered, before it is slid", async () => {
    const store = memory();
    const { does, clock, browser } = makeApp({ store, lazy: true });
    await does(async (session) => {
      await session.ready();
      session.login("alice");
    });
    clock.pass(HOUR);
    const strict = createSessions({ secrets: SECRET, store, now: clock.now, lazy: true, idleTimeout: HOUR / 2 });
    const session = await strict.load(request(browser.cookieHeader()));
    await session.ready();
    expect(session.subject).toBeUndefined();
  });

  it("slides in the call that loads it, when that is due", async () => {
    const store = failingStore();
    const { does, clock } = makeApp({ store, lazy: true });
    const read = () =>
      does(async (session) => {
        await session.ready();
        return session.data.views;
      });
    await does(async (session) => {
      await session.ready();
      session.data.views = 1;
    });
    store.calls.length = 0;
    for (let days = 0; days < 3; days++) {
      clock.pass(20 * HOUR);
      expect(await read()).toBe(1);
    }
    expect(new Set(store.calls)).toEqual(new Set(["load"]));
  });
});

describe("calls at the same time in one request", () => {
  it("ready() loads once, so that nothing changed meanwhile is lost", async () => {
    const store = failingStore();
    const { does } = makeApp({ store, lazy: true });
    await does(async (session) => {
      await session.ready();
      session.login("alice");
    });
    store.calls.length = 0;
    await does(async (session) => {
      const both = [session.ready(), session.ready()];
      await both[0];
      session.data.cart = "apple";
      await both[1];
      expect(session.data.cart).toBe("apple");
    });
    expect(store.calls).toEqual(["load", "update"]);
  });

  it("a save() that nobody awaited does not get in the way of the response", async () => {
    const { does } = makeApp({ store: memory() });
    await does((session) => {
      session.data.step = 1;
      void session.save();
      session.data.step = 2;
    });
    expect(await does((session) => session.data.step)).toBe(2);
  });

  it("two update() calls both count", async () => {
    const { does } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const increment = (data: Record<string, unknown>) => {
      data.count = Number(data.count ?? 0) + 1;
    };
    await does((session) => Promise.all([session.update(increment), session.update(increment)]));
    expect(await does((session) => session.data.count)).toBe(2);
  });
});

describe("use of a session", () => {
  it("is written to the store once in a quarter of the idle timeout, and sets no cookie", async () => {
    const store = failingStore();
    const { does, answers, clock, browser } = makeApp({ store });
    await does((session) => {
      session.data.views = 1;
    });
    store.calls.length = 0;
    const use = () => answers((session) => session.data.views, {});
    clock.pass(6 * HOUR - 1);
    await use();
    expect(store.calls).toEqual(["load"]);
    clock.pass(1);
    const response = await use();
    await use();
    expect(store.calls).toEqual(["load", "load", "touch", "load"]);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(browser.cookies.size).toBe(1);
  });

  it("makes a new cookie once in a quarter of the idle timeout when the session is in it", async () => {
    const { does, answers, clock, browser } = makeApp();
    await does((session) => {
      session.data.views = 1;
    });
    const use = async () => {
      const response = await answers((session) => session.data.views);
      browser.receive(response);
      return response.headers.getSetCookie().length;
    };
    clock.pass(6 * HOUR - 1);
    expect(await use()).toBe(0);
    clock.pass(1);
    expect(await use()).toBe(1);
    expect(await use()).toBe(0);
  });

  it("is not what a request does that leaves its session alone", async () => {
    const store = failingStore();
    const { does, clock } = makeApp({ store });
    await does((session) => {
      session.data.views = 1;
    });
    clock.pass(23 * HOUR);
    await does(() => {});
    clock.pass(2 * HOUR);
    expect(await does((session) => session.data.views)).toBeUndefined();
    expect(store.calls).not.toContain("touch");
  });

  it("keeps active users logged in when a timeout is raised", async () => {
    for (const store of [memory(), undefined]) {
      const short = makeApp({ idleTimeout: HOUR, ...(store && { store }) });
      await short.does((session) => session.login("alice"));
      const long = makeApp({ now: short.clock.now, ...(store && { store }) });
      for (const [name, held] of short.browser.cookies)
        long.browser.cookies.set(name, { ...held, endsAt: Number.POSITIVE_INFINITY });
      for (let minutes = 0; minutes < 180; minutes += 15) {
        expect(await long.does((session) => session.subject)).toBe("alice");
        short.clock.pass(15 * 60);
      }
    }
  });

  it("acts on existing sessions when a timeout is lowered", async () => {
    const store = memory();
    const { does, clock, browser } = makeApp({ store });
    await does((session) => session.login("alice"));
    clock.pass(HOUR);
    const strict = createSessions({ secrets: SECRET, store, now: clock.now, idleTimeout: HOUR });
    const short = createSessions({ secrets: SECRET, store, now: clock.now, absoluteTimeout: HOUR });
    for (const sessions of [strict, short]) expect(await sessions.read(request(browser.cookieHeader()))).toBeNull();
    expect(await does((session) => session.subject)).toBe("alice");
  });
});

describe("sessions.read()", () => {
  it("gives a frozen snapshot and writes nothing", async () => {
    const store = failingStore();
    const { does, sessions, browser, clock } = makeApp({ store });
    await does((session) => {
      session.login("alice");
      session.data.cart = { items: ["apple"] };
    });
    store.calls.length = 0;
    clock.pass(7 * HOUR);
    const snapshot = await sessions.read(request(browser.cookieHeader()));
    expect(snapshot).toMatchObject({ subject: "alice", data: { cart: { items: ["apple"] } } });
    expect(store.calls).toEqual(["load"]);
    const { items } = (snapshot as NonNullable<typeof snapshot>).data.cart as { items: string[] };
    expect(() => items.push("pear")).toThrow(TypeError);
  });

  it("gives null where there is no session", async () => {
    expect(await makeApp().sessions.read(request())).toBeNull();
    expect(await makeApp().sessions.read(request(`${USER_COOKIE}=junk`))).toBeNull();
  });
});

describe("sessions.apply()", () => {
  /** Status 101 belongs to servers; a Response with it cannot be made here. */
  const upgraded = () => Object.defineProperty(new Response(null), "status", { value: 101 });

  it("leaves a response with status 101 alone", async () => {
    const { sessions, does, browser, clock } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    clock.pass(7 * HOUR);
    const session = await sessions.load(request(browser.cookieHeader()));
    session.data.seen = true;
    const response = upgraded();
    expect(await sessions.apply(session, response)).toBe(response);
    expect([...response.headers]).toEqual([]);
    expect(await does((next) => next.data.seen)).toBe(true);
  });

  it("throws when a change would need a cookie on a response with status 101, and writes nothing", async () => {
    const store = failingStore();
    const { sessions } = makeApp({ store });
    const session = await sessions.load(request());
    session.data.views = 1;
    await expect(sessions.apply(session, upgraded())).rejects.toMatchObject({ code: "ERR_COOKIE_NOT_POSSIBLE" });
    expect(store.calls).toEqual([]);
  });

  it("replaces a line that an earlier run put on the response", async () => {
    const { sessions } = makeApp();
    const response = new Response(null, { headers: { "Set-Cookie": `${VISITOR_COOKIE}=old; Path=/` } });
    const session = await sessions.load(request());
    session.data.views = 1;
    const lines = (await sessions.apply(session, response)).headers.getSetCookie();
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("old");
  });

  it("does nothing the second time", async () => {
    const { sessions } = makeApp();
    const session = await sessions.load(request());
    session.data.views = 1;
    const response = await sessions.apply(session, new Response());
    expect(await sessions.apply(session, response)).toBe(response);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });
});

describe("a secret that is replaced", () => {
  it("is followed by a new cookie with the next response, and logs nobody out", async () => {
    for (const store of [memory(), undefined]) {
      const before = makeApp({ secrets: OLD_SECRET, ...(store && { store }) });
      await before.does((session) => session.login("alice"));
      const after = makeApp({ secrets: [SECRET, OLD_SECRET], ...(store && { store }) });
      for (const [name, held] of before.browser.cookies) after.browser.cookies.set(name, held);
      expect(await after.does((session) => session.subject)).toBe("alice");
      expect(after.events).toContainEqual(expect.objectContaining({ type: "key-used" }));
      after.events.length = 0;
      const last = makeApp({ secrets: SECRET, ...(store && { store }) });
      for (const [name, held] of after.browser.cookies) last.browser.cookies.set(name, held);
      expect(await last.does((session) => session.subject)).toBe("alice");
      expect(typesOf(last.events)).not.toContain("key-used");
    }
  });
});

describe("a secret that is replaced, and a session that is untouched", () => {
  it("sets no cookie", async () => {
    const before = makeApp({ secrets: OLD_SECRET });
    await before.does((session) => session.login("alice"));
    const after = makeApp({ secrets: [SECRET, OLD_SECRET] });
    for (const [name, held] of before.browser.cookies) after.browser.cookies.set(name, held);
    expect((await after.answers(() => {})).headers.getSetCookie()).toEqual([]);
  });
});

describe("onEvent", () => {
  it("may throw without breaking the request it watches", async () => {
    const { does } = makeApp({
      onEvent: () => {
        throw new Error("listener crashed");
      },
    });
    await does((session) => session.login("alice"));
    expect(await does((session) => session.subject)).toBe("alice");
  });

  it("tells the story of a session", async () => {
    const { does, events } = makeApp({ store: memory() });
    await does((session) => {
      session.data.views = 1;
    });
    await does((session) => session.login("alice"));
    await does((session) => {
      session.data.views = 2;
    });
    await does((session) => session.regenerateId());
    await does((session) => session.destroy());
    expect(typesOf(events)).toEqual([
      ...["created", "loaded", "regenerated", "loaded", "saved"],
      ...["loaded", "regenerated", "loaded", "destroyed"],
    ]);
  });

  it("warns once at creation when the cookie is not Secure", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    createSessions({ secrets: SECRET, cookie: { secure: false } });
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockClear();
    const { events } = makeApp({ cookie: { secure: false } });
    expect(events).toEqual([{ type: "insecure", reason: "not-secure" }]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
