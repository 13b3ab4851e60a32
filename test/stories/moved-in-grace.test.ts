/** A session that gets a new id with a grace while other requests are on their way: what they write is there. */

import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, makeApp, typesOf } from "../support/app.ts";
import { lostOf, OWNERS, onItsWay, stop } from "../support/on-its-way.ts";

describe.each(OWNERS)("a request that loaded %s session before regenerateId() with grace", (_whose, begin) => {
  async function begun(): Promise<App> {
    const app = makeApp({ store: memory() });
    await app.does(begin);
    return app;
  }

  it.each(["GET", "POST"])("writes to the session under its new id by %s, and sets no cookie", async (method) => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "kept" }), method);
    const id = await app.does((session) => {
      session.regenerateId({ graceSeconds: 10 });
      session.data.early = "kept";
      return session.id;
    });
    const answer = await slow.finish();
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    app.browser.receive(answer);
    expect(await app.does((session) => [session.id, session.data.early, session.data.late])).toEqual([id, "kept", "kept"]);
    expect(lostOf(app)).toEqual([]);
  });

  it("writes there through two new ids, also with save()", async () => {
    const app = await begun();
    const slow = await onItsWay(app, async (session) => {
      session.data.first = 1;
      await session.save();
      session.data.second = 2;
    });
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
    expect((await slow.finish()).status).toBe(200);
    expect(await app.does((session) => [session.data.first, session.data.second])).toEqual([1, 2]);
  });

  it("counts there with update()", async () => {
    const app = await begun();
    await app.does((session) => Object.assign(session.data, { count: 1 }));
    const slow = await onItsWay(app, (session) =>
      session.update((data) => Object.assign(data, { count: Number(data.count) + 1 })),
    );
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
    await app.does((session) => Object.assign(session.data, { count: 10 }));
    expect((await slow.finish()).status).toBe(200);
    expect(await app.does((session) => session.data.count)).toBe(11);
  });

  it("gives it no second new id if it asks for one with grace, brings the cookie of the first, and keeps what it wrote", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => {
      session.regenerateId({ graceSeconds: 10 });
      session.data.late = "kept";
    });
    const before = app.browser.copy();
    const id = await app.does((session) => {
      session.regenerateId({ graceSeconds: 10 });
      return session.id;
    });
    // The browser drops the first answer: the second alone leads to the session.
    before.receive(await slow.finish());
    for (const browser of [before, app.browser]) {
      expect(await app.does((session) => [session.id, session.data.late], browser)).toEqual([id, "kept"]);
    }
  });

  it.each(["GET", "POST"])(
    "keeps its word by %s that it brings the cookie of the new id it joined, wherever that goes",
    async (method) => {
      const app = await begun();
      const before = app.browser.copy();
      const step = stop();
      const slow = await onItsWay(
        app,
        async (session) => {
          session.regenerateId();
          await session.save();
          await step.pause();
          session.data.late = "kept";
        },
        method,
      );
      await app.does((session) => session.regenerateId());
      const answer = slow.finish();
      await step.isReached;
      const id = await app.does((session) => {
        session.regenerateId({ graceSeconds: 10 });
        return session.id;
      });
      step.goOn();
      // The browser drops all answers but this one.
      before.receive(await answer);
      expect(await app.does((session) => [session.id, session.data.late], before)).toEqual([id, "kept"]);
    },
  );

  it("gives it a second new id if it asks for one without grace, and ends the grace", async () => {
    const app = await begun();
    const old = app.browser.copy();
    const slow = await onItsWay(app, (session) => {
      session.regenerateId();
      session.data.late = "kept";
    });
    const id = await app.does((session) => {
      session.regenerateId({ graceSeconds: 10 });
      return session.id;
    });
    const middle = app.browser.copy();
    app.browser.receive(await slow.finish());
    expect(await app.does((session) => [session.id === id, session.data.late])).toEqual([false, "kept"]);
    for (const browser of [old, middle]) {
      expect(await app.does((session) => [session.gone, session.subject, session.data.late], browser)).toEqual([
        "moved",
        undefined,
        undefined,
      ]);
    }
  });

  it("writes nothing once the session has ended there, and that is reported", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "lost" }));
    const updating = await onItsWay(app, (session) => session.update((data) => Object.assign(data, { late: "lost" })));
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
    const twin = app.browser.copy();
    await app.does((session) => session.destroy());
    app.events.length = 0;
    const answer = await slow.finish();
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    expect(app.events).toEqual([{ type: "lost", id: expect.any(String), reason: "ended" }]);
    expect((await updating.finish()).status).toBe(409);
    expect(typesOf(app.events)).not.toContain("saved");
    expect(await app.does((session) => session.isNew, twin)).toBe(true);
  });
});

it("a request that comes with the old cookie and the new one has one session, not two", async () => {
  const app = makeApp({ store: memory() });
  await app.does((session) => session.login("alice"));
  const before = app.browser.cookieHeader();
  await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
  const after = app.browser.cookieHeader();
  for (const Cookie of [`${before}; ${after}`, `${after}; ${before}`]) {
    const answer = await app.answers((session) => Object.assign(session.data, { seen: session.subject }), { Cookie }, "POST");
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await app.does((session) => session.data.seen)).toBe("alice");
  }
  expect(typesOf(app.events)).not.toContain("ambiguous");
});

it("the same with a copy of the session under its old id", async () => {
  const app = makeApp({ store: memory(), copy: copy({ maxAge: 60 }) });
  await app.does((session) => session.login("alice"));
  const [older, copied] = app.browser.cookieHeader().split("; ");
  await app.does((session) => session.regenerateId({ graceSeconds: 30 }));
  const [newer] = app.browser.cookieHeader().split("; ");
  await app.answers((session) => expect(session.subject).toBe("alice"), { Cookie: [older, newer, copied].join("; ") });
  expect(typesOf(app.events)).not.toContain("ambiguous");
});

it("a request that comes with the old cookie in grace reads and writes, and after that nothing", async () => {
  const app = makeApp({ store: memory() });
  await app.does((session) => session.login("alice"));
  const old = app.browser.copy();
  const id = await app.does((session) => {
    session.regenerateId({ graceSeconds: 10 });
    return session.id;
  });
  const cookies = old.cookieHeader();
  app.clock.pass(9);
  await app.posts((session) => {
    expect([session.subject, session.gone, session.id]).toEqual(["alice", undefined, id]);
    session.data.late = "kept";
  }, old);
  expect(old.cookieHeader()).toBe(cookies);
  expect(await app.does((session) => session.data.late)).toBe("kept");
  app.clock.pass(1);
  await expect(app.posts((session) => Object.assign(session.data, { later: "lost" }), old)).rejects.toThrow("409");
  expect(await app.does((session) => ({ ...session.data }))).toEqual({ late: "kept" });
});
