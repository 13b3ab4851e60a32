/** Requests that are on their way while another gives the session a new id: what each order of events must leave. */
import { expect, it } from "vitest";
import type { Session } from "../src/index.ts";
import { memory } from "../src/stores/memory.ts";
import { makeApp } from "./support/app.ts";

/** A request that has loaded its session and waits; `finish` lets it go on, `receive` applies its answer to the browser. */
function parallel(more: object = {}) {
  const app = makeApp({ store: memory(), ...more });
  const { browser, sessions } = app;
  async function start(act: (session: Session) => unknown) {
    let go = () => {};
    const gate = new Promise<void>((open) => (go = open));
    const headers = { Cookie: browser.cookieHeader() };
    let loaded = () => {};
    const isLoaded = new Promise<void>((done) => (loaded = done));
    const answer = sessions.handler(async (_request, session) => {
      loaded();
      await gate;
      await act(session);
      return new Response();
    })(new Request("https://app.example.com", { headers }));
    answer.catch(() => {});
    await isLoaded;
    return {
      finish: async () => {
        go();
        return answer;
      },
      receive: async () => browser.receive(await answer),
    };
  }
  return { ...app, start };
}
it("update() of a request whose session got a new id counts also when use of the session is due to be written down", async () => {
  const { does, start, clock } = parallel();
  await does((session) => session.login("alice"));
  clock.pass(7 * 3600);
  const counting = await start((session) =>
    session.update((data) => {
      data.count = 1;
    }),
  );
  await does((session) => session.regenerateId());
  await counting.finish();
  expect(await does((session) => session.data.count)).toBe(1);
});

it("the same with a save() that has nothing to write but use", async () => {
  const { does, start, clock } = parallel();
  await does((session) => session.login("alice"));
  clock.pass(7 * 3600);
  const writing = await start(async (session) => {
    void session.data.written;
    await session.save();
    session.data.written = true;
  });
  await does((session) => session.regenerateId());
  await writing.finish();
  expect(await does((session) => session.data.written)).toBe(true);
});

it("two requests that ask for a new id, one of them after update(), log nobody out whatever answer comes last", async () => {
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
  await second.finish();
  await second.receive();
  await first.receive();
  clock.pass(11);
  expect(await does((session) => session.subject)).toBe("alice");
});

it("a login after update(), while another request gives the session a new id, leaves the browser logged in", async () => {
  const { does, start, clock } = parallel();
  await does((session) => session.login("alice"));
  const first = await start((session) => session.regenerateId());
  const second = await start(async (session) => {
    await session.update((data) => {
      data.count = 1;
    });
    session.login("bob");
  });
  await first.finish();
  await second.finish();
  await second.receive();
  await first.receive();
  clock.pass(11);
  expect(await does((session) => session.subject)).toBeDefined();
});

it("a request with an old id that only reads is not told that it lost a write", async () => {
  const { does, events, browser } = parallel();
  await does((session) => {
    session.data.cart = "apple";
  });
  const late = browser.copy();
  await does((session) => session.regenerateId());
  await does((session) => session.data.cart, late);
  expect(events).not.toContainEqual(expect.objectContaining({ type: "moved", reason: "commit" }));
});

it("a request with an old id that only deletes, or takes a flash, is told that this was dropped", async () => {
  const { does, events, browser } = parallel();
  await does((session) => session.flash("notice", "hello"));
  const late = browser.copy();
  await does((session) => session.regenerateId());
  await does((session) => session.takeFlash("notice"), late);
  expect(events).toContainEqual(expect.objectContaining({ type: "moved", reason: "commit" }));
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
