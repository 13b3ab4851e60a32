/** A session that gets a new id while other requests are on their way: what they write is not lost. */
import { describe, expect, it } from "vitest";
import type { Session } from "../src/index.ts";
import { memory } from "../src/stores/memory.ts";
import { type Act, type App, makeApp } from "./support/app.ts";

/** A request that has its session, and goes on when it is told to. */
async function onItsWay(app: App, act: Act): Promise<{ finish(): Promise<Response> }> {
  let open = () => {};
  let isLoaded = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const loaded = new Promise<void>((resolve) => (isLoaded = resolve));
  const answer = app.answers(async (session, request) => {
    void session.data;
    isLoaded();
    await gate;
    return act(session, request);
  });
  await loaded;
  return {
    finish: () => {
      open();
      return answer;
    },
  };
}

const apps: [string, (session: Session) => void][] = [
  ["a user's", (session) => session.login("alice")],
  ["a visitor's", (session) => Object.assign(session.data, { visits: 1 })],
];

describe.each(apps)("a request that loaded %s session before regenerateId()", (_whose, begin) => {
  async function begun(): Promise<App> {
    const app = makeApp({ store: memory() });
    await app.does(begin);
    return app;
  }

  it("writes to the session under its new id, and sets no cookie", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "kept" }));
    const id = await app.does((session) => {
      session.regenerateId();
      session.data.early = "kept";
      return session.id;
    });
    const answer = await slow.finish();
    expect(answer.headers.getSetCookie()).toEqual([]);
    app.browser.receive(answer);
    expect(await app.does((session) => [session.id, session.data.early, session.data.late])).toEqual([id, "kept", "kept"]);
  });

  it("writes there through two new ids, also with save()", async () => {
    const app = await begun();
    const slow = await onItsWay(app, async (session) => {
      session.data.first = 1;
      await session.save();
      session.data.second = 2;
    });
    await app.does((session) => session.regenerateId());
    await app.does((session) => session.regenerateId());
    await slow.finish();
    expect(await app.does((session) => [session.data.first, session.data.second])).toEqual([1, 2]);
  });

  it("counts there with update()", async () => {
    const app = await begun();
    await app.does((session) => Object.assign(session.data, { count: 1 }));
    const slow = await onItsWay(app, (session) =>
      session.update((data) => Object.assign(data, { count: Number(data.count) + 1 })),
    );
    await app.does((session) => session.regenerateId());
    await app.does((session) => Object.assign(session.data, { count: 10 }));
    await slow.finish();
    expect(await app.does((session) => session.data.count)).toBe(11);
  });

  it("gives it no second new id, and keeps what it wrote", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => {
      session.regenerateId();
      session.data.late = "kept";
    });
    const id = await app.does((session) => {
      session.regenerateId();
      return session.id;
    });
    const answer = await slow.finish();
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await app.does((session) => [session.id, session.data.late])).toEqual([id, "kept"]);
  });

  it("writes nothing once the session has ended there", async () => {
    const app = await begun();
    const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "lost" }));
    await app.does((session) => session.regenerateId());
    const twin = app.browser.copy();
    await app.does((session) => session.destroy());
    expect((await slow.finish()).headers.getSetCookie()).toEqual([]);
    expect(await app.does((session) => session.isNew, twin)).toBe(true);
    expect(app.events.at(-1)).not.toMatchObject({ type: "saved" });
  });
});

it("a request that loaded the session before a login as somebody else writes nothing to the new one", async () => {
  const app = makeApp({ store: memory() });
  await app.does((session) => session.login("alice"));
  const slow = await onItsWay(app, (session) => Object.assign(session.data, { late: "alice's" }));
  await app.does((session) => session.login("bob"));
  expect((await slow.finish()).headers.getSetCookie()).toEqual([]);
  expect(await app.does((session) => [session.subject, session.data.late])).toEqual(["bob", undefined]);
  expect(app.events).toContainEqual(expect.objectContaining({ type: "moved", reason: "commit" }));
});

it("a request that comes with the old cookie after regenerateId() reads, and writes nothing", async () => {
  const app = makeApp({ store: memory() });
  await app.does((session) => session.login("alice"));
  const old = app.browser.copy();
  await app.does((session) => session.regenerateId());
  await app.does((session) => {
    expect(session.subject).toBe("alice");
    session.data.late = "lost";
  }, old);
  expect(await app.does((session) => session.data.late)).toBe(undefined);
  expect(app.events).toContainEqual(expect.objectContaining({ type: "moved", reason: "commit" }));
});
