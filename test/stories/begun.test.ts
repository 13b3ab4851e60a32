/** `patch()` and `update()` that nobody waited for, and what the handler does next. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { copy } from "../../src/features/copy.ts";
import { schema } from "../../src/features/schema.ts";
import type { Session, SessionOptions } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { around } from "../support/changed-store.ts";
import { gated, quiet } from "../support/gated-store.ts";
import { plainRows } from "../support/plain-rows.ts";

const PLACES: [string, () => Partial<SessionOptions>][] = [
  ["in its cookie", () => ({})],
  ["in its cookie, with a schema", () => ({ schema: schema(z.record(z.string(), z.unknown())) })],
  ["in a store", () => ({ store: memory() })],
  ["in a store, with a copy", () => ({ store: memory(), copy: copy({ maxAge: 60 }) })],
  ["in a store, with a schema", () => ({ store: memory(), schema: schema(z.record(z.string(), z.unknown())) })],
  ["in a store of three methods", () => ({ store: plain(plainRows(new Map())) })],
  ["with visitors in a cookie", () => ({ store: memory(), anonymous: "cookie" })],
];

type How = (session: Session, changes: Record<string, unknown>) => unknown;
const CALLS: [string, How][] = [
  ["patch()", (session, changes) => void session.patch(changes)],
  ["update()", (session, changes) => void session.update((data) => Object.assign(data, changes))],
];

const all = (session: Session) => [session.subject, { ...session.data }];

describe.each(PLACES)("of a session %s", (_place, options) => {
  describe.each(CALLS)("%s that nobody awaited", (_call, change) => {
    async function ada() {
      const app = makeApp(options());
      await app.does((session) => {
        session.login("ada");
        session.data.note = "hers";
      });
      return app;
    }

    it("is answered before a logout, and nothing of it is left", async () => {
      const app = await ada();
      await app.posts((session) => {
        change(session, { bye: true });
        session.logout();
      });
      expect(await app.does(all)).toEqual([undefined, {}]);
    });

    it("does not reach another user who logs in after it", async () => {
      const app = await ada();
      const acts = (session: Session) => {
        change(session, { secret: "hers" });
        session.login("bob");
      };
      await app.posts(acts);
      expect(await app.does(all)).toEqual(["bob", {}]);
    });

    it("is overwritten by what the handler assigns after it", async () => {
      const app = await ada();
      await app.posts((session) => {
        change(session, { note: "first" });
        session.data.note = "second";
      });
      expect(await app.does(all)).toEqual(["ada", { note: "second" }]);
    });

    it("stays beside what was changed before, and beside others", async () => {
      const app = await ada();
      await app.posts((session) => {
        session.data.a = 1;
        change(session, { b: 2 });
        change(session, { c: 3 });
      });
      // In a store that is not atomic, the last change wins.
      const wins = options().store?.guarantees.atomic === false ? {} : { b: 2 };
      expect(await app.does(all)).toEqual(["ada", { note: "hers", a: 1, ...wins, c: 3 }]);
    });
  });

  it("an update() that takes its time does not reach another user who logs in meanwhile", async () => {
    const app = makeApp(options());
    await app.does((session) => session.login("ada"));
    let go = () => {};
    const waits = new Promise<void>((resolve) => {
      go = resolve;
    });
    const answered = app.answers((session) => {
      void session.update(async (data) => {
        await waits;
        data.secret = "hers";
      });
      session.login("bob");
      void session.save().then(go, go);
    });
    expect([200, 409]).toContain((await answered.catch((error) => error)).status);
    expect(await app.does((session) => session.data.secret)).toBeUndefined();
  });
});

describe("patch() of a session that is not loaded", () => {
  async function ada(store = memory()) {
    const app = makeApp({ store, lazy: true });
    await app.does(async (session) => {
      await session.ready();
      session.login("ada");
      session.data.theme = "light";
    });
    return app;
  }
  const seen = async (session: Session) => {
    await session.ready();
    return all(session);
  };

  it.each([
    ["load", "the load is answered last"],
    ["update", "the patch is answered last"],
  ] as const)("is shown by a load that runs beside it, and what is assigned later counts (%s)", async (operation, _what) => {
    const delayed = around(memory(), async (name, call) => {
      const answer = await call();
      if (name === operation) await quiet();
      return answer;
    });
    const app = await ada(delayed as ReturnType<typeof memory>);
    const shown = await app.does(async (session) => {
      await Promise.all([session.patch({ theme: "dark" }), session.ready()]);
      const { theme } = session.data;
      session.data.theme = "light";
      return theme;
    });
    expect(shown).toBe("dark");
    expect(await app.does(seen)).toEqual(["ada", { theme: "light" }]);
  });

  it("begins no session for a visitor after a logout that was faster", async () => {
    const gate = gated();
    const app = await ada(gate.store as ReturnType<typeof memory>);
    gate.hold("update");
    const answer = await app.answers(async (session) => {
      void session.patch({ note: "hers" });
      await session.ready();
      session.logout();
      await session.save();
      gate.release();
    });
    expect(answer.status).toBe(409);
    app.browser.receive(answer);
    expect(await app.does(seen)).toEqual([undefined, {}]);
  });

  it("does not reach another user whose login was faster", async () => {
    const gate = gated();
    const app = await ada(gate.store as ReturnType<typeof memory>);
    gate.hold("update");
    const answer = await app.answers(async (session) => {
      void session.patch({ note: "hers" });
      await session.ready();
      session.login("bob");
      await session.save();
      gate.release();
    });
    app.browser.receive(answer);
    expect(answer.status).toBe(409);
    expect(await app.does(seen)).toEqual(["bob", {}]);
  });
});

describe("answers of the store that come in another order", () => {
  /** A store that does all at once, but answers to the first change after `hold()` only when it is let go. */
  function lateStore() {
    let held: Promise<void> | undefined;
    let release = () => {};
    const store = around(memory(), async (name, call) => {
      const answer = await call();
      if (name !== "update" || held === undefined) return answer;
      const waiting = held;
      held = undefined;
      await waiting;
      return answer;
    });
    const hold = () => {
      held = new Promise((resolve) => {
        release = resolve;
      });
    };
    return { store, hold, release: () => release() };
  }

  const changing = (how: string, session: Session, changes: Record<string, unknown>): Promise<unknown> =>
    how === "patch" ? session.patch(changes) : session.update((data) => void Object.assign(data, changes));

  it.each([
    ["patch", "patch"],
    ["update", "update"],
    ["update", "patch"],
    ["patch", "update"],
  ])("of %s() and then %s() show all of both, and what is assigned later counts", async (first, second) => {
    const { store, hold, release } = lateStore();
    const app = makeApp({ store, copy: copy({ maxAge: 60 }) });
    await app.does((session) => {
      session.login("ada");
      session.data.at = 0;
    });
    hold();
    const shown = await app.does(async (session) => {
      const earlier = changing(first, session, { at: 1, b: 1 });
      // update() reads before it writes.
      await quiet();
      await changing(second, session, { at: 2, c: 2 });
      release();
      await earlier;
      const { ...data } = session.data;
      session.data.at = 1;
      return data;
    });
    expect(shown).toEqual({ at: 2, b: 1, c: 2 });
    expect(await app.does(all)).toEqual(["ada", { at: 1, b: 1, c: 2 }]);
  });
});
