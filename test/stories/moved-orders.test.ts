/** Requests that are on their way while another gives the session a new id: what each order of events must leave. */
import { expect, it } from "vitest";
import { memory } from "../../src/stores/memory/index.ts";
import { type Act, makeApp, typesOf } from "../support/app.ts";
import { onItsWay } from "../support/on-its-way.ts";

/** A request that has loaded its session and waits; `finish` lets it go on, `receive` applies its answer to the browser. */
function parallel(more: object = {}) {
  const app = makeApp({ store: memory(), ...more });
  async function start(act: Act, method = "POST") {
    const { finish } = await onItsWay(app, act, method);
    return { finish, receive: async () => app.browser.receive(await finish()) };
  }
  return { ...app, start };
}

const GRACE = { graceSeconds: 10 };

it("update() of a request whose session got a new id, with grace, counts also when use of the session is due to be recorded", async () => {
  const { does, start, clock } = parallel();
  await does((session) => session.login("alice"));
  clock.pass(7 * 3600);
  const counting = await start((session) =>
    session.update((data) => {
      data.count = 1;
    }),
  );
  await does((session) => session.regenerateId(GRACE));
  expect((await counting.finish()).status).toBe(200);
  expect(await does((session) => session.data.count)).toBe(1);
});

it("the same without grace: it is told that it did not count", async () => {
  const { does, start, clock, events } = parallel();
  await does((session) => session.login("alice"));
  clock.pass(7 * 3600);
  const counting = await start((session) =>
    session.update((data) => {
      data.count = 1;
    }),
  );
  await does((session) => session.regenerateId());
  const answer = await counting.finish();
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([409, []]);
  expect(typesOf(events)).not.toContain("saved");
  expect(await does((session) => [session.subject, session.data.count])).toEqual(["alice", undefined]);
});

it.each([
  [GRACE, 200, true],
  [{}, 409, undefined],
])(
  "a save() that has nothing to write but use, and a change after it, with regenerateId(%j) meanwhile",
  async (grace, status, written) => {
    const { does, start, clock } = parallel();
    await does((session) => session.login("alice"));
    clock.pass(7 * 3600);
    const writing = await start(async (session) => {
      void session.data.written;
      await session.save();
      session.data.written = true;
    });
    await does((session) => session.regenerateId(grace));
    expect((await writing.finish()).status).toBe(status);
    expect(await does((session) => [session.subject, session.data.written])).toEqual(["alice", written]);
  },
);

it("two requests that ask for a new id with grace, one of them after update(), log nobody out whatever answer comes last", async () => {
  for (const last of ["first", "second"] as const) {
    const { does, start, clock } = parallel();
    await does((session) => session.login("alice"));
    const first = await start((session) => session.regenerateId(GRACE));
    const second = await start(async (session) => {
      await session.update((data) => {
        data.count = 1;
      });
      session.regenerateId(GRACE);
    });
    await first.finish();
    expect((await second.finish()).status).toBe(200);
    await (last === "first" ? second : first).receive();
    await (last === "first" ? first : second).receive();
    clock.pass(11);
    expect(await does((session) => [session.subject, session.data.count])).toEqual(["alice", 1]);
  }
});

it("the same without grace: update() is told, and nobody is logged out whatever answer comes last", async () => {
  for (const last of ["first", "second"] as const) {
    const { does, start, clock } = parallel();
    await does((session) => session.login("alice"));
    const first = await start((session) => session.regenerateId());
    const second = await start(async (session) => {
      await session.update((data) => {
        data.count = 1;
      });
      session.regenerateId();
    });
    await first.finish();
    expect((await second.finish()).status).toBe(409);
    await (last === "first" ? second : first).receive();
    await (last === "first" ? first : second).receive();
    clock.pass(11);
    expect(await does((session) => [session.subject, session.data.count])).toEqual(["alice", undefined]);
  }
});

it("two requests that ask for a new id without grace, nothing before it, share one, whatever answer comes last or is dropped", async () => {
  for (const received of [["first", "second"], ["second", "first"], ["first"], ["second"]] as const) {
    const { does, start, clock } = parallel();
    await does((session) => session.login("alice"));
    const requests = {
      first: await start((session) => session.regenerateId()),
      second: await start((session) => session.regenerateId()),
    };
    await requests.first.finish();
    expect((await requests.second.finish()).status).toBe(200);
    for (const name of received) await requests[name].receive();
    clock.pass(61);
    expect(await does((session) => session.subject)).toBe("alice");
  }
});

it("a login after update(), while another request gives the session a new id with grace, logs in, and ends the grace", async () => {
  const { does, start, clock, sessions } = parallel();
  await does((session) => session.login("alice"));
  const first = await start((session) => session.regenerateId(GRACE));
  const second = await start(async (session) => {
    await session.update((data) => {
      data.count = 1;
    });
    session.login("bob");
  });
  await first.finish();
  expect((await second.finish()).status).toBe(200);
  await first.receive();
  await second.receive();
  clock.pass(11);
  expect(await does((session) => [session.subject, session.data.count])).toEqual(["bob", undefined]);
  // Moved, not left behind: nobody can be alice with the answer of the first.
  expect(await sessions.list("alice")).toEqual([]);
  await first.receive();
  expect(await does((session) => [session.subject, session.gone])).toEqual([undefined, "moved"]);
  await does((session) => session.login("bob"));
  expect(await does((session) => session.subject)).toBe("bob");
});

it("a login, while another request gives the session a new id without grace, leaves the browser logged in whatever answer comes last", async () => {
  for (const last of ["first", "second"] as const) {
    for (const updates of [true, false]) {
      const { does, start, clock } = parallel();
      await does((session) => session.login("alice"));
      const first = await start((session) => session.regenerateId());
      const second = await start(async (session) => {
        if (updates) await session.update((data) => Object.assign(data, { count: 1 })).catch(() => {});
        session.login("bob");
      });
      await first.finish();
      expect((await second.finish()).status).toBe(200);
      await (last === "first" ? second : first).receive();
      await (last === "first" ? first : second).receive();
      clock.pass(11);
      expect(await does((session) => [session.subject, session.data.count])).toEqual([
        last === "first" ? "alice" : "bob",
        undefined,
      ]);
    }
  }
});

it("a request with an old id that only reads is not told that it lost a write", async () => {
  for (const grace of [{}, GRACE]) {
    const { does, posts, events, browser } = parallel();
    await does((session) => session.login("alice"));
    const late = browser.copy();
    await does((session) => session.regenerateId(grace));
    await does((session) => session.data.cart, late);
    await posts((session) => session.data.cart, late);
    expect(typesOf(events)).not.toContain("lost");
  }
});

it("a request on its way that only deletes, or takes a flash, is told that this was dropped", async () => {
  for (const method of ["GET", "POST"]) {
    const { does, start, events } = parallel();
    await does((session) => {
      session.flash("notice", "hello");
      session.data.cart = "apple";
    });
    const taking = await start((session) => expect(session.takeFlash("notice")).toBe("hello"), method);
    const deleting = await start((session) => {
      delete session.data.cart;
    }, method);
    await does((session) => session.regenerateId());
    const statuses = [(await taking.finish()).status, (await deleting.finish()).status];
    expect(statuses).toEqual(method === "GET" ? [200, 200] : [409, 409]);
    const lost = events.filter(({ type }) => type === "lost");
    expect(lost).toHaveLength(method === "GET" ? 2 : 0);
    expect(await does((session) => [session.takeFlash("notice"), session.data.cart])).toEqual(["hello", "apple"]);
  }
});

it("a request that fails after regenerateId() and save() leaves no session that no browser can reach", async () => {
  const store = memory();
  const { does, start, clock } = parallel({ store });
  await does((session) => session.login("alice"));
  const failing = await start(async (session) => {
    session.regenerateId();
    await session.save();
    throw new Error("mishap");
  });
  await failing.finish().catch(() => {});
  clock.pass(11);
  const subject = await does((session) => session.subject);
  expect([subject, (await store.list?.("alice"))?.length]).toEqual(subject === undefined ? [undefined, 0] : ["alice", 1]);
});
