/** Calls that nobody waited for: the response does, and what they fail with is the request's. */

import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { schema } from "../../src/features/schema.ts";
import { createSessions, type Session, type SessionStore } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { failingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

const later = () => new Promise((resolve) => setImmediate(resolve));

describe.each([
  ["in a store", () => ({ store: slow(memory()) })],
  ["in its cookie", () => ({})],
] as const)("a session %s", (_name, options) => {
  it("has what an update() did that the handler forgot to await, beside the handler's own changes", async () => {
    const { does } = makeApp(options());
    await does((session) => {
      session.data.count = 1;
    });
    await does((session) => {
      session.update(async (data) => {
        await later();
        data.count = Number(data.count) + 1;
      });
      session.data.note = "written";
    });
    expect(await does((session) => ({ ...session.data }))).toEqual({ count: 2, note: "written" });
  });

  it("has what a callback of update() did after it waited itself, when the handler awaits it", async () => {
    const { does } = makeApp(options());
    const told = await does((session) =>
      session.update(async (data) => {
        await later();
        data.count = 1;
        return "done";
      }),
    );
    expect([told, await does((session) => session.data.count)]).toEqual(["done", 1]);
  });

  it("fails the request with what an update() failed with that nobody awaited", async () => {
    const { does } = makeApp(options());
    const failing = (session: Session) => {
      session.update(async () => {
        await later();
        throw new Error("not enough credits");
      });
    };
    await expect(does(failing)).rejects.toThrow("not enough credits");
  });

  it("leaves a failure to whoever heard of it", async () => {
    const { does } = makeApp(options());
    const failing = () => Promise.reject(new Error("not enough credits"));
    expect(await does((session) => session.update(failing).catch((error: Error) => error.message))).toBe("not enough credits");
    const waited = does(async (session) => {
      try {
        await session.update(failing);
      } catch {
        return "caught";
      }
      return "done";
    });
    expect(await waited).toBe("caught");
    expect(
      await does((session) => {
        session.update(failing).then(
          () => {},
          () => {},
        );
        return "answered";
      }),
    ).toBe("answered");
  });
});

describe("calls under way while the same request goes on", () => {
  const push = (session: Session, item: string) =>
    void session.update(async (data) => {
      await later();
      data.list = [...((data.list as string[]) ?? []), item];
    });

  it("bring the cookie of a new id that they were the first to write", async () => {
    const { does, browser } = makeApp({ store: slow(memory()) });
    await does((session) => session.login("alice"));
    const before = browser.cookieHeader();
    await does(async (session) => {
      push(session, "one");
      push(session, "two");
      await later();
      session.regenerateId({ graceSeconds: 10 });
    });
    expect(browser.cookieHeader()).not.toBe(before);
    expect(await does((session) => [session.subject, session.data.list])).toEqual(["alice", ["one", "two"]]);
  });

  it("go on under the id of a login that save() wrote", async () => {
    const { does, answers, browser } = makeApp({ store: slow(memory()) });
    await does((session) => {
      session.data.cart = ["apple"];
    });
    const answer = await answers(async (session) => {
      push(session, "one");
      session.login("alice");
      await session.save();
      throw new Response("not found", { status: 404 });
    });
    browser.receive(answer);
    expect(answer.status).toBe(404);
    expect(await does((session) => [session.subject, session.data])).toEqual(["alice", { cart: ["apple"], list: ["one"] }]);
  });

  it("leave nothing in the session after a logout, and keep no session alive", async () => {
    const { does, sessions } = makeApp({ store: slow(memory()) });
    await does((session) => session.login("bob"));
    await does(async (session) => {
      push(session, "one");
      await later();
      session.logout();
      session.data.note = "of the next session";
    });
    expect(await sessions.list("bob")).toEqual([]);
    expect(await does((session) => [session.subject, session.data])).toEqual([undefined, { note: "of the next session" }]);
  });

  it("bring back nothing of a session that was revoked meanwhile", async () => {
    const { does, sessions } = makeApp({ store: slow(memory()) });
    await does((session) => {
      session.login("alice");
      session.data.secret = "earlier";
    });
    await does(async (session) => {
      const revoking = sessions.revokeAll("alice");
      session.login("alice");
      session.save();
      await revoking;
      session.regenerateId();
    });
    expect(await does((session) => [session.subject, session.data])).toEqual(["alice", {}]);
  });

  it("that fail keep no session alive which was to end", async () => {
    const { answers, does, sessions, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const old = browser.copy();
    const session = await sessions.load({ method: "POST", headers: new Headers({ Cookie: old.cookieHeader() }) });
    await answers((other) => other.regenerateId());
    push(session, "one");
    session.logout();
    await expect(sessions.apply(session, new Response())).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(await sessions.list("alice")).toEqual([]);
  });
});

describe("an update() that failed", () => {
  it("of a new session is not written with the rest, when the handler goes on", async () => {
    const store = failingStore();
    const { does } = makeApp({ store });
    const told = await does(async (session) => {
      session.data.note = "of the handler";
      store.fail("create");
      const failed = await session
        .update((data) => {
          data.paid = 1;
        })
        .catch((error: { code: string }) => error.code);
      store.fail();
      return failed;
    });
    expect([told, await does((session) => ({ ...session.data }))]).toEqual(["ERR_STORE", { note: "of the handler" }]);
  });

  it.each([
    ["in a store", () => ({ store: memory() })],
    ["in its cookie", () => ({})],
  ] as const)("%s leaves nothing of it in session.data", async (_name, options) => {
    const noBad = schema(z.looseObject({ bad: z.undefined().optional() }));
    const { does } = makeApp({ ...options(), schema: noBad });
    for (const isNew of [true, false]) {
      const told = await does((session) =>
        session
          .update((data) => {
            data.bad = 1;
          })
          .catch((error: { code: string }) => error.code),
      );
      expect([isNew, told]).toEqual([isNew, "ERR_DATA_SCHEMA"]);
      await does((session) => {
        session.data.good = 1;
      });
    }
    expect(await does((session) => ({ ...session.data }))).toEqual({ good: 1 });
  });
});

describe("in a store", () => {
  it("a save() that nobody awaited fails the request when the store does", async () => {
    const store = failingStore();
    const { does } = makeApp({ store });
    store.fail("create");
    const forgetful = (session: Session) => {
      session.data.note = "written";
      session.save();
    };
    await expect(does(forgetful)).rejects.toMatchObject({ code: "ERR_STORE" });
  });

  it("a load that nobody awaited is waited for, and nothing is lost", async () => {
    const { does } = makeApp({ store: slow(memory()), lazy: true });
    await does((session) => {
      void (async () => {
        await session.ready();
        session.data.note = "written";
      })();
    });
    expect(
      await does(async (session) => {
        await session.ready();
        return session.data.note;
      }),
    ).toBe("written");
  });

  it("a request that throws reports its own error, whatever a forgotten call does", async () => {
    const { does } = makeApp({ store: memory() });
    const failing = (session: Session) => {
      session.update(() => Promise.reject(new Error("of the call")));
      throw new Error("of the handler");
    };
    await expect(does(failing)).rejects.toThrow("of the handler");
  });

  it("is waited for no longer than 30 seconds, and then the request fails", async () => {
    vi.useFakeTimers();
    try {
      const { does } = makeApp({ store: memory() });
      const stuck = does((session) => {
        session.update(() => new Promise(() => {}));
      });
      const told = stuck.catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(29_000);
      expect(await Promise.race([told, "waits"])).toBe("waits");
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await told).toMatchObject({ code: "ERR_SESSION_PENDING" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("a late update() that fails ends no process", async () => {
    const unheard: unknown[] = [];
    const listen = (reason: unknown) => unheard.push(reason);
    process.on("unhandledRejection", listen);
    const sessions = createSessions({ secrets: SECRET, store: memory() });
    const serve = sessions.handler((_request, session) => {
      session.data.count = 1;
      setImmediate(() => {
        session.update(() => Promise.reject(new Error("too late")));
      });
      return new Response();
    });
    await serve(new Request("https://app.example.com/"));
    for (let turn = 0; turn < 5; turn++) await later();
    process.off("unhandledRejection", listen);
    expect(unheard).toEqual([]);
  });
});

describe("update() that a request begins before its own login", () => {
  /** A store that has done its part for a while before anybody hears of it. */
  function lateToAnswer(): DefinedStore {
    const inner = memory();
    const replace: SessionStore["replace"] = async (...move) => {
      const result = await inner.replace(...move);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return result;
    };
    return withMethods(inner, { replace });
  }

  it.each([
    ["a visitor's new session", () => {}],
    ["a visitor's", (session: Session) => Object.assign(session.data, { visits: 1 })],
    ["a user's", (session: Session) => session.login("alice")],
  ])("counts in %s, wherever that login moves it", async (_whose, begin) => {
    const { does, posts } = makeApp({ store: lateToAnswer() });
    await does(begin);
    await posts(async (session) => {
      session.data.three = 3;
      const updating = session.update((data) => Object.assign(data, { seats: 1 }));
      session.login("alice");
      await Promise.all([session.save(), updating]);
    });
    expect(await does((session) => [session.subject, session.data.three, session.data.seats])).toEqual(["alice", 3, 1]);
  });
});
