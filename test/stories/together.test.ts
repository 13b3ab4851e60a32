/** What calls and features of one request do to each other. */
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { session as web } from "../../src/adapters/hono.ts";
import { copy } from "../../src/features/copy.ts";
import { schema } from "../../src/features/schema.ts";
import { createSessions } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { unstorage } from "../../src/stores/bridges/unstorage.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { around } from "../support/changed-store.ts";
import { SECRET } from "../support/secrets.ts";

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
const standard = (validate: (value: Record<string, unknown>) => unknown) => ({
  "~standard": { version: 1 as const, vendor: "own", validate: validate as never },
});
const noBad = (value: Record<string, unknown>) => ("bad" in value ? { issues: [{ message: "no", path: ["bad"] }] } : { value });
const inc = (data: { n?: number }) => (data.n = (data.n ?? 0) + 1);

describe("several calls and features in one request", () => {
  it("an update() that changes nothing is use", async () => {
    const { does, clock } = makeApp({ store: memory(), idleTimeout: 1000 });
    await does((session) => session.login("ann"));
    for (let visit = 0; visit < 3; visit++) {
      clock.pass(600);
      expect(await does((session) => session.update(() => session.subject))).toBe("ann");
    }
  });
  it("the same where a store drops what ends", async () => {
    const kept = new Map<string, unknown>();
    const { does, clock } = makeApp({
      store: unstorage({
        getItem: async (k: string) => kept.get(k) ?? null,
        setItem: async (k: string, v: unknown) => void kept.set(k, v),
        removeItem: async (k: string) => void kept.delete(k),
      } as never),
      idleTimeout: 1000,
    });
    await does((session) => session.login("ann"));
    for (let visit = 0; visit < 3; visit++) {
      clock.pass(600);
      expect(await does((session) => session.update(() => session.subject))).toBe("ann");
    }
  });
  it("ready() waits for the schema, whoever else asked before", async () => {
    const store = memory();
    const old = makeApp({ store });
    await old.does((session) => Object.assign(session.data, { bad: 1 }));
    const slow = schema(standard((value) => wait(20).then(() => noBad(value))));
    const { does, browser } = makeApp({ store, lazy: true, schema: slow });
    browser.hold(old.browser.cookieHeader());
    expect(
      await does(async (session) => {
        void session.ready();
        await wait(5);
        await session.ready();
        return { ...session.data };
      }),
    ).toEqual({});
  });
  it("what could not be checked is not shown", async () => {
    const store = memory();
    const old = makeApp({ store });
    await old.does((session) => Object.assign(session.data, { bad: 1 }));
    const broken = schema(
      standard(() => {
        throw new Error("broken");
      }),
    );
    const { does, browser } = makeApp({ store, lazy: true, schema: broken });
    browser.hold(old.browser.cookieHeader());
    expect(
      await does(async (session) => {
        try {
          await session.ready();
        } catch {
          /* goes on */
        }
        try {
          return { ...session.data };
        } catch (error) {
          return (error as { code: string }).code;
        }
      }),
    ).toBe("ERR_SESSION_NOT_LOADED");
  });
  it.each(["memory", "plain"])("update() nobody awaited, then logout() at once, is no 409: %s", async (kind) => {
    const kept = new Map<string, unknown>();
    const store =
      kind === "memory"
        ? memory()
        : plain({ load: (k) => kept.get(k) as never, save: (k, v) => void kept.set(k, v), remove: (k) => void kept.delete(k) });
    const { answers } = makeApp({ store });
    const answer = await answers(
      (session) => {
        void session.update(inc);
        session.logout();
        session.data.after = 1;
      },
      {},
      "POST",
    );
    expect(answer.status).toBe(200);
  });
  it("update(), login(), update(): neither is lost", async () => {
    const kept = new Map<string, unknown>();
    const { does } = makeApp({
      store: plain({
        load: (k) => kept.get(k) as never,
        save: (k, v) => void kept.set(k, structuredClone(v)),
        remove: (k) => void kept.delete(k),
      }),
    });
    const told: unknown[] = [];
    await does((session) => {
      session.update(inc).then((n) => told.push(n));
      session.login("ann");
      session.update(inc).then((n) => told.push(n));
    });
    expect([told, await does((session) => session.data.n)]).toEqual([[1, 2], 2]);
  });
  it("a session that is gone keeps its id", async () => {
    const { does, sessions } = makeApp({ store: memory() });
    await does((session) => session.login("ann"));
    await does(async (session) => {
      const { id } = session;
      await sessions.revokeAll("ann");
      session.data.x = 1;
      await expect(session.save()).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
      expect(session.id).toBe(id);
    });
  });
  it("a public answer that only read sets no copy", async () => {
    const { answers, does, browser } = makeApp({ store: memory(), copy: copy({ maxAge: 60 }) });
    await does((session) => Object.assign(session.data, { a: 1 }));
    await does((session) => Object.assign(session.data, { a: 2 }), browser.copy());
    const answer = await answers(async (session) => {
      await session.ready({ fresh: true });
      return new Response(`${session.data.a}`, { headers: { "Cache-Control": "public, max-age=60" } });
    });
    expect([answer.headers.getSetCookie(), answer.headers.get("Cache-Control")]).toEqual([[], "public, max-age=60"]);
  });
  it("update() saves first what was changed before, in a cookie, too", async () => {
    const middleware = web({ secrets: SECRET });
    const app = new Hono().use(middleware);
    app.onError((_error, c) => c.text("failed", 500));
    app.get("/", async (c) => {
      const session = middleware.get(c);
      session.login("ann");
      await session.update((data) => data.x);
      throw new Error("later");
    });
    expect((await app.request("https://a.example/")).headers.getSetCookie()).toHaveLength(1);
  });
  it.each([
    ["schema: copy()", { store: memory(), schema: copy({ maxAge: 60 }) }],
    ["copy: schema()", { store: memory(), copy: schema(standard(noBad)) }],
    ["accept: [copy()]", { store: memory(), accept: [copy({ maxAge: 60 })] }],
    ["accept: [schema()]", { accept: [schema(standard(noBad))] }],
  ])("a feature in the place of another is refused: %s", (_name, options) => {
    expect(() => createSessions({ secrets: SECRET, ...options } as never)).toThrow(
      expect.objectContaining({ code: "ERR_OPTION" }),
    );
  });
});

describe("a request that asks the store anew", () => {
  it.each(["revoke", "regenerateId"])("a change before ready({ fresh }) is no silent 200: %s", async (how) => {
    const { answers, does, posts, events, browser, sessions, clock } = makeApp({ store: memory(), copy: copy({ maxAge: 60 }) });
    await does((session) => session.login("ann"));
    const other = browser.copy();
    clock.pass(1);
    if (how === "revoke") await sessions.revokeAll("ann");
    else await posts((session) => session.regenerateId(), other);
    const answer = await answers(
      async (session) => {
        session.data.k = 1;
        await session.ready({ fresh: true });
      },
      {},
      "POST",
    );
    expect(answer.status === 409 || events.some(({ type }) => type === "lost")).toBe(true);
  });
  it("ready({ fresh }) does not bring back what was there before a save()", async () => {
    let late = false;
    const store = around(memory(), async (name, call) => {
      const result = await call();
      if (late && name === "load") await wait(20);
      return result;
    });
    const { does } = makeApp({ store, copy: copy({ maxAge: 60 }) });
    await does((session) => session.login("ann"));
    late = true;
    expect(
      await does(async (session) => {
        const fresh = session.ready({ fresh: true });
        session.data.k = 1;
        await session.save();
        await fresh;
        return session.data.k;
      }),
    ).toBe(1);
  });
  it("a second commit() after a failed one throws that error", async () => {
    const sessions = createSessions({ secrets: SECRET, crypto: nodeCrypto });
    const session = await sessions.load(new Request("https://a.example/"));
    Object.assign(session.data, { f: () => 1 });
    const commit = async () => sessions.commit(session, { status: 200, headers: new Headers() });
    await expect(commit()).rejects.toMatchObject({ code: "ERR_DATA_NOT_JSON" });
    await expect(commit()).rejects.toMatchObject({ code: "ERR_DATA_NOT_JSON" });
  });
});
