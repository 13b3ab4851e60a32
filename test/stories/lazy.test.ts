/** save() and update() of a session that nobody has loaded yet: they load it first. */
import { describe, expect, it } from "vitest";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { around } from "../support/changed-store.ts";
import { plainRows } from "../support/plain-rows.ts";
import { slow } from "../support/slow-store.ts";

const later = () => new Promise((resolve) => setImmediate(resolve));

const KEPT = [
  ["in a store", () => ({ store: slow(memory()) })],
  ["in its cookie", () => ({})],
  ["in a store of three methods", () => ({ store: plain(plainRows(new Map(), async (act) => act())) })],
] as const;

describe.each(KEPT)("a lazy session %s", (_name, options) => {
  /** An application whose visitor has a session with a count. */
  async function counted() {
    const app = makeApp({ ...options(), lazy: true });
    await app.does(async (session) => {
      await session.ready();
      session.data.count = 1;
    });
    return app;
  }
  const countOf = async ({ does }: Awaited<ReturnType<typeof counted>>) =>
    does(async (session) => {
      await session.ready();
      return session.data.count;
    });

  it("is loaded by update(), which works on what is there", async () => {
    const app = await counted();
    const told = await app.does((session) => session.update((data) => (data.count = Number(data.count) + 1)));
    expect([told, await countOf(app)]).toEqual([2, 2]);
  });

  it("is loaded by an update() that nobody awaits, and that waits itself", async () => {
    const app = await counted();
    await app.does((session) => {
      session.update(async (data) => {
        await later();
        data.count = Number(data.count) + 1;
      });
    });
    expect(await countOf(app)).toBe(2);
  });

  it("is loaded by save(), and can be used from then on", async () => {
    const app = await counted();
    const found = await app.does(async (session) => {
      await session.save();
      const before = session.data.count;
      session.data.count = 5;
      await session.save();
      return before;
    });
    expect([found, await countOf(app)]).toEqual([1, 5]);
  });

  it("of a visitor who is new is begun by update(), and by no save()", async () => {
    const app = makeApp({ ...options(), lazy: true });
    await app.does((session) => session.save());
    expect(app.browser.cookies.size).toBe(0);
    await app.does((session) => session.update((data) => (data.count = 1)));
    expect(await countOf(app)).toBe(1);
  });
});

it("has written when save() is done, not only when the response is made", async () => {
  const app = makeApp({ store: slow(memory()), lazy: true });
  await app.does((session) => session.update((data) => (data.count = 1)));
  const seen = await app.does(async (session) => {
    await session.ready();
    session.data.count = 2;
    await session.save();
    return app.does(async (other) => {
      await other.ready();
      return other.data.count;
    }, app.browser.copy());
  });
  expect(seen).toBe(2);
});

it("writes its use down once in a request, also where that is to be written at every one", async () => {
  const calls: string[] = [];
  const store = around(memory(), (name, call) => {
    calls.push(name);
    return call();
  });
  const app = makeApp({ store, lazy: true, touchEvery: 0, idleTimeout: 3600 });
  await app.does((session) => session.update((data) => (data.count = 1)));
  for (let visits = 0; visits < 2; visits++) {
    app.clock.pass(1);
    calls.length = 0;
    const seen = await app.does(async (session) => {
      await session.ready();
      return [session.data.count, session.expiresAt];
    });
    expect(seen[1]).toBe(app.clock.now() + 3600);
    expect(calls).toEqual(["load"]);
  }
});
