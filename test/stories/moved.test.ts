/** A session that gets a new id while other requests are on their way: they write nothing to it, and are told so. */
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type App, makeApp, typesOf } from "../support/app.ts";
import { lostOf, OWNERS, onItsWay } from "../support/on-its-way.ts";

describe.each(OWNERS)("a request that loaded %s session before regenerateId() without grace", (_whose, begin) => {
  async function begun(): Promise<App> {
    const app = makeApp({ store: memory() });
    await app.does(begin);
    return app;
  }

  it("writes nothing by POST, and is answered with 409 and no cookie", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "lost" }));
    const id = await app.does((session) => {
      session.regenerateId();
      session.data.early = "kept";
      return session.id;
    });
    const answer = await slow.finish();
    expect([answer.status, answer.headers.get("Retry-After"), answer.headers.getSetCookie()]).toEqual([409, "1", []]);
    expect(await app.does((session) => [session.id, session.data.early, session.data.late])).toEqual([id, "kept", undefined]);
    expect(lostOf(app)).toEqual([]);
  });

  it("writes nothing by GET, and that is reported", async () => {
    const app = await begun();
    const before = await app.does((session) => session.id);
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "lost" }), "GET");
    await app.does((session) => session.regenerateId());
    const answer = await slow.finish();
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    expect(await app.does((session) => session.data.late)).toBe(undefined);
    expect(lostOf(app)).toEqual([{ type: "lost", id: before, reason: "moved" }]);
  });

  it("is told by save() and update(), by either method, that there is nothing to write to, and its change never runs", async () => {
    for (const method of ["GET", "POST"]) {
      const app = await begun();
      let runs = 0;
      const told: unknown[] = [];
      const note = (call: Promise<unknown>) => call.catch((error) => told.push([error.code, error.why, error.status]));
      const slow = await onItsWay(
        app,
        async (session) => {
          await note(session.update(() => runs++));
          session.data.late = "lost";
          await note(session.save());
          delete session.data.late;
        },
        method,
      );
      await app.does((session) => session.regenerateId());
      await app.does((session) => session.regenerateId());
      expect((await slow.finish()).status).toBe(200);
      const gone = ["ERR_SESSION_GONE", "moved", 409];
      expect([told, runs]).toEqual([[gone, gone], 0]);
      expect(await app.does((session) => session.data.late)).toBe(undefined);
    }
  });

  it("shares the new id if it asks for one, brings its cookie, and keeps what it wrote", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => {
      session.regenerateId();
      session.data.late = "kept";
    });
    const before = app.browser.copy();
    const id = await app.does((session) => {
      session.regenerateId();
      return session.id;
    });
    before.receive(await slow.finish());
    for (const browser of [before, app.browser]) {
      expect(await app.does((session) => [session.id, session.data.late], browser)).toEqual([id, "kept"]);
    }
    expect(lostOf(app)).toEqual([]);
  });

  it.each([
    ["with a change", "kept"],
    ["without one", undefined],
  ])("uses the session there, %s, so that its time begins again", async (_how, late) => {
    const app = makeApp({ store: memory(), idleTimeout: 100 });
    await app.does(begin);
    app.clock.pass(50);
    const slow = await onItsWay(app, (session) => {
      session.regenerateId();
      if (late !== undefined) session.data.late = late;
    });
    await app.does((session) => session.regenerateId());
    app.clock.pass(45);
    app.browser.receive(await slow.finish());
    app.clock.pass(90);
    expect(await app.does((session) => [session.isNew, session.data.late])).toEqual([false, late]);
  });

  it("writes nothing once the session has ended there, also if it asks for an id", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "lost" }), "GET");
    const renewing = await onItsWay(app, (session) => session.regenerateId());
    await app.does((session) => session.regenerateId());
    const twin = app.browser.copy();
    await app.does((session) => session.destroy());
    app.events.length = 0;
    expect((await slow.finish()).headers.getSetCookie()).toEqual([]);
    expect(typesOf(app.events)).toEqual(["lost"]);
    const told = await renewing.finish();
    expect([told.status, told.headers.getSetCookie()]).toEqual([409, []]);
    expect(typesOf(app.events)).toEqual(["lost"]);
    expect(await app.does((session) => session.isNew, twin)).toBe(true);
  });
});

it.each([
  ["GET", 200, [{ type: "lost", id: expect.any(String), reason: "moved" }]],
  ["POST", 409, []],
] as const)(
  "a %s request that loaded the session before a login as somebody else writes nothing to the new one",
  async (method, status, lost) => {
    const app = makeApp({ store: memory() });
    await app.does((session) => session.login("alice"));
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "alice's" }), method);
    await app.does((session) => session.login("bob"));
    const answer = await slow.finish();
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
    expect(await app.does((session) => [session.subject, session.data.late])).toEqual(["bob", undefined]);
    expect(lostOf(app)).toEqual(lost);
  },
);

it("a request that comes with the old cookie after regenerateId() sees nothing, and is told that it can write nothing", async () => {
  const app = makeApp({ store: memory() });
  await app.does((session) => session.login("alice"));
  const old = app.browser.copy();
  await app.does((session) => session.regenerateId());
  const cookies = old.cookieHeader();
  const write = (session: Session) => {
    expect([session.subject, session.gone, session.isNew]).toEqual([undefined, "moved", false]);
    session.data.late = "lost";
  };
  await app.does(write, old);
  expect(lostOf(app)).toEqual([{ type: "lost", id: expect.any(String), reason: "moved" }]);
  await expect(app.posts(write, old)).rejects.toThrow("409");
  await expect(app.does((session) => session.regenerateId(), old)).rejects.toThrow("409");
  expect(lostOf(app)).toHaveLength(1);
  expect(old.cookieHeader()).toBe(cookies);
  expect(await app.does((session) => session.data.late)).toBe(undefined);
});
