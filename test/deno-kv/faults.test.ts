/** Deno KV that fails, is slow or does not answer: requests fail in time, with a word and without data. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { createSessions, StoreError } from "../../src/index.ts";
import type { SessionRecord } from "../../src/session/record.ts";
import type { DenoKv } from "../../src/stores/deno-kv/client.ts";
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { SECRET } from "../support/secrets.ts";
import { counted, type OpenKv, openKv } from "./databases.ts";
import { NOW, RECORD, USE } from "./records.ts";

const PATCH = { set: [["a", "1"] as const], unset: [] };

let kv: OpenKv;
let key: { id: string };
beforeEach(async () => {
  kv = await openKv(":memory:");
  key = { id: newSessionId() };
  await denoKv(kv).create(key, RECORD);
});
afterEach(() => kv.close());

/** The same database, where each call waits for something first. */
function after(wait: () => Promise<unknown>): DenoKv {
  return {
    async *list(...given) {
      await wait();
      yield* kv.list(...given);
    },
    atomic() {
      const operation = kv.atomic();
      const commit = operation.commit.bind(operation);
      operation.commit = async () => {
        await wait();
        return commit();
      };
      return operation;
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    ({ name, code, retryable, message }) => ({ name, code, retryable, message }),
  );

it("a database that does not answer fails every call with TIMEOUT, also those that wait for their turn", async () => {
  const store = denoKv(
    after(() => new Promise(() => {})),
    { timeout: 0.2 },
  );
  const begun = performance.now();
  const calls = [
    store.load(key, { now: NOW }),
    store.load(key, { now: NOW, touch: { ...USE, seenAfter: 0, seenBefore: NOW } }),
    store.create({ id: newSessionId() }, RECORD),
    ...Array.from({ length: 20 }, () => store.update(key, PATCH, USE)),
    store.replace(key, { id: newSessionId() }, PATCH, RECORD, { by: "login", graceSeconds: 0 }),
    store.touch(key, USE),
    store.remove(key),
    store.take(key),
    store.list?.("ada") as Promise<unknown>,
    store.removeAll?.("ada") as Promise<unknown>,
  ];
  const failures = await Promise.all(calls.map(failureOf));
  expect(failures.map((failure) => [failure?.code, failure?.retryable])).toEqual(calls.map(() => ["TIMEOUT", true]));
  expect(performance.now() - begun).toBeLessThan(3000);
  expect(await denoKv(kv).update(key, PATCH, USE)).toEqual({ ok: true, version: 2 });
});

it("a slow database loses nothing of changes at the same time", async () => {
  const slow = after(() => pause(10 * Math.random()));
  const stores = Array.from({ length: 4 }, () => denoKv(slow));
  const changes = Array.from({ length: 40 }, (_none, index) =>
    stores[index % 4]?.update(key, { set: [[`key${index}`, "1"]], unset: [] }, USE),
  );
  expect((await Promise.all(changes)).every((result) => result?.ok)).toBe(true);
  const { data, version } = (await denoKv(kv).load(key, { now: NOW })) as SessionRecord;
  expect([Object.keys(JSON.parse(data)).length, version]).toEqual([40, 41]);
});

it("a session that others change all the time fails in the end, and each try waits a little longer", async () => {
  const other = denoKv(kv);
  const { kv: asked, counts } = counted(after(() => other.update(key, PATCH, USE)));
  const move = denoKv(asked, { timeout: 1 }).replace(key, { id: newSessionId() }, PATCH, RECORD, {
    by: "login",
    graceSeconds: 0,
  });
  // The last try may also have been under way when its time was up.
  expect(await failureOf(move)).toMatchObject({ code: expect.stringMatching(/^(BUSY|TIMEOUT)$/), retryable: true });
  expect(counts.inVain).toBeGreaterThan(3);
  expect(counts.inVain).toBeLessThan(60);
});

it("a file that another process has locked is asked again; nothing else is", async () => {
  let locked = 3;
  const { kv: asked, counts } = counted(
    after(async () => {
      if (locked-- > 0) throw new TypeError("database is locked");
    }),
  );
  expect(await denoKv(asked).update(key, PATCH, USE)).toEqual({ ok: true, version: 2 });
  expect(counts.reads).toBe(4);
  const { kv: failing, counts: failures } = counted(after(() => Promise.reject(new Error("disk I/O error"))));
  expect(await failureOf(denoKv(failing).load(key, { now: NOW }))).toMatchObject({ code: "Error", retryable: true });
  expect(failures.reads).toBe(1);
  const always = after(() => Promise.reject(new Error("database is locked")));
  expect(await failureOf(denoKv(always, { timeout: 0.1 }).load(key, { now: NOW }))).toMatchObject({ code: "BUSY" });
});

it("no failure says what the database said, which may hold keys", async () => {
  const errors: [error: unknown, code: string, retryable: boolean][] = [
    [new TypeError(`Value too large: ${key.id}`), "TypeError", false],
    [Object.assign(new Error(`TooManyChecks\n\nStack backtrace: ${key.id}`), { code: "GenericFailure" }), "TooManyChecks", false],
    [Object.assign(new Error(`could not reach ${key.id}`), { code: "ECONNRESET" }), "ECONNRESET", true],
    [`text with ${key.id}`, "Error", true],
    [undefined, "Error", true],
  ];
  for (const [error, code, retryable] of errors) {
    const failure = await failureOf(denoKv(after(() => Promise.reject(error))).load(key, { now: NOW }));
    expect(failure).toEqual({ name: "DenoKvFailure", code, retryable, message: `Cannot ask Deno KV: ${code}` });
  }
});

it("reaches the application as a StoreError, with status 503", async () => {
  const store = denoKv(after(() => Promise.reject(new Error("disk I/O error"))));
  const sessions = createSessions<{ a: number }>({ secrets: SECRET, store });
  const answer = sessions.handler((_request, session) => {
    session.data.a = 1;
    return new Response("done");
  })(new Request("https://app.example.com/"));
  const error = await answer.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreError);
  expect(error).toMatchObject({ status: 503, retryable: true });
});
