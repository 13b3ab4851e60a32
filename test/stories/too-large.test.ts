/** Data that requests at the same time made larger than the limit together: it can be read, changed and made smaller, and not grow. */
import { describe, expect, it } from "vitest";
import type { Session, SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { makeApp, type StoredApp } from "../support/app.ts";

const HALF = 40_000;

/** An application with 80 KB of data in one session. */
async function crowded(more: Partial<SessionOptions> = {}): Promise<StoredApp> {
  const app = makeApp({ ...more, store: memory() });
  await app.does((session) => {
    session.login("ada");
    session.data.small = 1;
  });
  await app.does(async (session) => {
    session.data.one = "x".repeat(HALF);
    await app.does((other) => Object.assign(other.data, { two: "y".repeat(HALF) }), app.browser.copy());
  });
  return app;
}

const keysOf = (session: Session) => Object.keys(session.data).sort();
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error) => error.code,
  );

describe("data that is too large already", () => {
  it.each<[string, (session: Session) => unknown]>([
    ["update()", (session) => session.update((data) => void delete data.one)],
    ["patch()", (session) => session.patch({ one: undefined })],
    ["an assignment", (session) => void delete session.data.one],
    [
      "an assignment and save()",
      (session) => {
        delete session.data.one;
        return session.save();
      },
    ],
  ])("is made smaller by %s", async (_how, act) => {
    const app = await crowded();
    await app.does(act);
    expect(await app.does(keysOf)).toEqual(["small", "two"]);
  });

  it("is changed beside that, and read in one step", async () => {
    const app = await crowded();
    expect(await app.does((session) => session.update((data) => Object.keys(data).length))).toBe(3);
    await app.does((session) => session.update((data) => void Object.assign(data, { small: 2 })));
    await app.does((session) => session.patch({ small: 3 }));
    await app.does(async (session) => {
      session.data.small = 4;
      await session.patch({ two: "z" });
    });
    expect(await app.does((session) => [session.data.small, session.data.two])).toEqual([4, "z"]);
  });

  it("does not grow", async () => {
    const app = await crowded();
    const more = "x".repeat(HALF + 1);
    expect(await app.does((session) => codeOf(session.update((data) => void Object.assign(data, { one: more }))))).toBe(
      "ERR_DATA_TOO_LARGE",
    );
    expect(await app.does((session) => codeOf(session.patch({ one: more })))).toBe("ERR_DATA_TOO_LARGE");
    expect(await codeOf(app.does((session) => void Object.assign(session.data, { one: more })))).toBe("ERR_DATA_TOO_LARGE");
  });

  it("goes along to a new id, follows one in grace, is seen by a request whose session moved, and comes back after a failure", async () => {
    const app = await crowded();
    const twin = app.browser.copy();
    await app.posts(async (session) => {
      session.data.small = 2;
      await app.does((other) => other.regenerateId({ graceSeconds: 10 }), twin);
      await session.save();
    });
    const late = twin.copy();
    await app.posts(async (session) => {
      expect(keysOf(session)).toEqual(["one", "small", "two"]);
      await app.does((other) => other.regenerateId(), late);
    }, twin);
    await expect(
      app.does((session) => {
        session.data.small = 9;
        throw new Error("failed");
      }, late),
    ).rejects.toThrow("failed");
    expect(await app.does((session) => session.data.small, late)).toBe(2);
  });
});

describe("the limit in bytes", () => {
  const BYTES = 64 * 1024;

  it.each<[string, () => Partial<SessionOptions>]>([
    ["in memory", () => ({ store: memory() })],
    ["in SQLite", () => ({ store: sqlite(":memory:") })],
    ["without a store", () => ({ cookie: { maxBytes: 4096 } })],
  ])("is not passed by wider characters in the place of as many others, %s", async (_place, options) => {
    const app = makeApp(options());
    if (options().store !== undefined) await app.does((session) => Object.assign(session.data, { text: "x".repeat(60_000) }));
    const wide = "日".repeat(59_000);
    for (const act of [
      (session: Session) => session.patch({ text: "日".repeat(21_900) }),
      (session: Session) => session.update((data) => void Object.assign(data, { text: wide })),
      (session: Session) => void Object.assign(session.data, { text: wide }),
    ]) {
      expect(await codeOf(app.does(act))).toMatch(/TOO_LARGE/);
    }
    const size = await app.does((session) => new TextEncoder().encode(JSON.stringify(session.data)).length);
    expect(size).toBeLessThan(BYTES);
  });
});
