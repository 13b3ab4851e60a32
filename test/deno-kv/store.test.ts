/** What Deno KV limits, and what stands in it: large data, many keys, long lives, broken entries, and prefixes. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { createSessions, OptionError } from "../../src/index.ts";
import type { Key, SessionRecord } from "../../src/session/record.ts";
import type { DenoKv } from "../../src/stores/deno-kv/client.ts";
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { BROKEN_MARKS, CIRCLES, isNoEndlessTrail, isNoSession } from "../stores/broken-marks.ts";
import { isNoRecord } from "../stores/broken-records.ts";
import { HOUR } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";
import { counted, type OpenKv, openKv } from "./databases.ts";
import { NEW_ID, NOW, RECORD, USE } from "./records.ts";

let kv: OpenKv;
beforeEach(async () => {
  kv = await openKv(":memory:");
});
afterEach(() => kv.close());

const NO_CHANGE = { set: [], unset: [] };
const newKey = () => ({ id: newSessionId() });
const loaded = async (key: { id: string }, now = NOW) => (await denoKv(kv).load(key, { now })) as SessionRecord;

async function entriesOf(prefix: string[] = ["web-session-store"]) {
  const entries = [];
  for await (const entry of kv.list({ prefix })) entries.push(entry);
  return entries;
}

async function put(key: string[], value: unknown): Promise<void> {
  const operation = kv.atomic();
  operation.set(key, value);
  await operation.commit();
}

it("keeps 64 KB of any text, created, patched and moved", async () => {
  const store = denoKv(kv);
  for (const text of [
    "x".repeat(65_500),
    '"'.repeat(32_700),
    "\u0000".repeat(10_900),
    "地".repeat(21_800),
    "\ud800".repeat(10_900),
  ]) {
    const [key, to] = [newKey(), newKey()];
    const json = JSON.stringify(text);
    await store.create(key, { ...RECORD, data: `{"a":${json}}` });
    expect(JSON.parse((await loaded(key)).data)).toEqual({ a: text });
    expect(
      await store.update(
        key,
        {
          set: [
            ["a", "1"],
            ["b", json],
          ],
          unset: [],
        },
        USE,
      ),
    ).toEqual({ ok: true, version: 2 });
    expect(JSON.parse((await loaded(key)).data)).toEqual({ a: 1, b: text });
    expect(await store.replace(key, to, { set: [], unset: ["a"] }, RECORD, NEW_ID)).toEqual({ ok: true, version: 3 });
    expect(JSON.parse((await loaded(to)).data)).toEqual({ b: text });
    // What was large leaves nothing behind when it is small again.
    await store.update(to, { set: [["b", "1"]], unset: [] }, USE);
    await store.remove(to);
    await store.remove(key);
    expect(await entriesOf()).toEqual([]);
  }
});

it("keeps 64 KB in 8,000 keys, created, patched and moved", async () => {
  const store = denoKv(kv);
  const [key, to] = [newKey(), newKey()];
  const data = Object.fromEntries(Array.from({ length: 8000 }, (_none, index) => [String(index + 1000), 1]));
  await store.create(key, { ...RECORD, data: JSON.stringify(data) });
  const set = Object.keys(data).map((name) => [name, "2"] as const);
  expect(await store.update(key, { set, unset: [] }, USE)).toEqual({ ok: true, version: 2 });
  expect(await store.replace(key, to, { set: [], unset: [] }, RECORD, NEW_ID)).toEqual({ ok: true, version: 3 });
  expect(JSON.parse((await loaded(to)).data)).toEqual(Object.fromEntries(set.map(([name]) => [name, 2])));
});

it("any text is a subject: empty, very long, and half of a character", async () => {
  const store = denoKv(kv);
  const subjects = ["", "x".repeat(10_000), "\ud800", "\ufffd", "__proto__", "\u0000"];
  for (const subject of subjects) await store.create(newKey(), { ...RECORD, subject });
  for (const subject of subjects) expect(await store.list?.(subject)).toHaveLength(1);
  for (const subject of subjects) expect(await store.removeAll?.(subject)).toBe(1);
  for (const subject of subjects) expect(await store.list?.(subject)).toEqual([]);
});

it("a session that ended leaves nothing but a pulse of its subject, and no mark that lasts", async () => {
  const store = denoKv(kv);
  const [visitor, user] = [newKey(), newKey()];
  await store.create(visitor, RECORD);
  await store.replace(
    visitor,
    user,
    { set: [["a", "1"]], unset: [] },
    { ...RECORD, subject: "ada" },
    { by: "login", graceSeconds: 0 },
  );
  await store.remove(visitor);
  expect((await entriesOf()).map(({ key }) => key.at(-1))).toEqual(["pulse"]);
});

it("tells KV to keep a session longer than it lives, and longer again when it is used", async () => {
  const lives: number[] = [];
  const noting: DenoKv = {
    list: (...given) => kv.list(...given),
    atomic() {
      const operation = kv.atomic();
      const set = operation.set.bind(operation);
      operation.set = (key, value, options) => {
        if (key.at(-2) === "body") lives.push((options?.expireIn ?? Number.POSITIVE_INFINITY) / 1000);
        return set(key, value, options);
      };
      return operation;
    },
  };
  const store = denoKv(noting);
  const [key, forever] = [newKey(), newKey()];
  await store.create(key, { ...RECORD, subject: "ada" });
  for (const passed of [HOUR / 2, HOUR, 1.5 * HOUR]) {
    const now = NOW + passed;
    expect(await store.touch(key, { now, expiresAt: now + HOUR })).toBe(true);
    expect(await loaded(key, now)).toMatchObject({ seenAt: now, expiresAt: now + HOUR });
    expect(await store.list?.("ada")).toMatchObject([{ id: key.id, seenAt: now }]);
  }
  expect(lives).toEqual([HOUR, HOUR, HOUR, HOUR].map((life) => life * 1.25));
  await store.create(forever, { ...RECORD, expiresAt: Number.POSITIVE_INFINITY });
  expect(await loaded(forever)).toMatchObject({ expiresAt: Number.POSITIVE_INFINITY });
  expect(lives.at(-1)).toBe(Number.POSITIVE_INFINITY);
});

it("an id whose record has expired can be created again, and nothing of the old one shows", async () => {
  const store = denoKv(kv);
  const key = { id: `redeemed-${"x".repeat(43)}` };
  await store.create(key, { ...RECORD, data: '{"old":1}', expiresAt: NOW + 10 });
  await expect(store.create(key, { ...RECORD, seenAt: NOW + 9 })).rejects.toThrow("its id is taken");
  await store.create(key, { ...RECORD, data: '{"new":1}', seenAt: NOW + 10 });
  expect(await loaded(key)).toMatchObject({ data: '{"new":1}', version: 1 });
});

it("entries that somebody broke are a session that cannot be read: it can be ended, and not be changed", async () => {
  const store = denoKv(kv);
  for (const broken of [new Uint8Array([255, 254]), "text", 7, null, new TextEncoder().encode("[1,2]\n{"), new Uint8Array()]) {
    const key = newKey();
    await store.create(key, { ...RECORD, subject: "ada", data: '{"a":1}' });
    const body = (await entriesOf()).find((entry) => entry.key.includes(key.id) && entry.key.at(-2) === "body");
    await put(body?.key as string[], broken);
    expect(await loaded(key)).toMatchObject({ subject: "ada" });
    expect(await store.update(key, { set: [["a", "1"]], unset: [] }, USE)).toEqual({ ok: false, why: "gone" });
    await store.remove(key);
    expect(await store.load(key, { now: NOW })).toBe(null);
    const headless = newKey();
    await store.create(headless, RECORD);
    await put(["web-session-store", "s", headless.id, "head"], broken);
    expect(await store.load(headless, { now: NOW })).toBe(null);
  }
  expect(await store.list?.("ada")).toEqual([]);
});

it("marks are written letter by letter like this, which every later version reads", async () => {
  const store = denoKv(kv);
  const keys = [newKey(), newKey(), newKey()] as const;
  const ids = keys.map(({ id }) => id);
  await store.create(keys[0], RECORD);
  await store.replace(keys[0], keys[1], NO_CHANGE, RECORD, { by: "login", graceSeconds: 0 });
  await store.replace(keys[1], keys[2], NO_CHANGE, RECORD, { by: "regenerateId", graceSeconds: 10 });
  const texts = [
    `{"mark":{"movedAt":${NOW},"to":{"id":"${ids[1]}"},"by":"login"},"settled":[]}`,
    `{"mark":{"movedAt":${NOW},"to":{"id":"${ids[2]}"},"by":"regenerateId","graceUntil":${NOW + 10}},"settled":[]}`,
  ];
  for (const [index, text] of texts.entries()) {
    const head = (await entriesOf()).find((entry) => entry.key.includes(ids[index]) && entry.key.at(-1) === "head");
    expect(new TextDecoder().decode(head?.value as Uint8Array)).toBe(text);
    await put(head?.key as string[], new TextEncoder().encode(text));
    expect(await store.load(keys[index] as Key, { now: NOW })).toEqual(JSON.parse(text).mark);
  }
});

it.each([...BROKEN_MARKS, ["is none", 7] as const])("a mark that %s is no session", async (_what, change) => {
  const [key, to] = [newKey(), newKey()];
  const mark = change === 7 ? 7 : { movedAt: NOW, to, by: "regenerateId", graceUntil: NOW + 10, ...(change as object) };
  await put(["web-session-store", "s", key.id, "head"], new TextEncoder().encode(JSON.stringify({ mark, settled: [] })));
  await isNoSession(denoKv(kv), key, NOW);
});

it.each(["secret", 7, null, [1]])("a head whose meta is %j is no session", async (meta) => {
  const store = denoKv(kv);
  const [key, other] = [newKey(), newKey()];
  for (const one of [key, other]) await store.create(one, { ...RECORD, subject: "ada", meta: { device: "phone" } });
  const head = (await entriesOf()).find((entry) => entry.key.includes(key.id) && entry.key.at(-1) === "head");
  const whole = JSON.parse(new TextDecoder().decode(head?.value as Uint8Array));
  await put(head?.key as string[], new TextEncoder().encode(JSON.stringify({ ...whole, meta })));
  await isNoRecord(store, key, { other, subject: "ada", now: NOW });
});

it.each(CIRCLES)("a mark that %s ends a logout, and goes", async (_what, places) => {
  const keys = places.map(newKey);
  for (const [place, to] of places.entries()) {
    const mark = { movedAt: NOW, to: keys[to], by: "login" };
    const head = ["web-session-store", "s", (keys[place] as Key).id, "head"];
    await put(head, new TextEncoder().encode(JSON.stringify({ mark, settled: [] })));
  }
  await isNoEndlessTrail(denoKv(kv), keys, NOW);
  expect(await entriesOf()).toEqual([]);
});

it("applications with prefixes of their own see nothing of each other", async () => {
  const [first, second] = [denoKv(kv, { prefix: "first" }), denoKv(kv, { prefix: "second" })];
  const key = newKey();
  await first.create(key, { ...RECORD, subject: "ada" });
  expect(await second.load(key, { now: NOW })).toBe(null);
  expect(await second.removeAll?.("ada")).toBe(0);
  expect(await first.list?.("ada")).toHaveLength(1);
});

it("ends a thousand sessions of one user, several hundred in a step", async () => {
  const { kv: asked, counts } = counted(kv);
  const store = denoKv(asked, { timeout: 60 });
  for (let count = 0; count < 1000; count++) await store.create(newKey(), { ...RECORD, subject: "ada" });
  expect(await store.list?.("ada")).toHaveLength(1000);
  Object.assign(counts, { commits: 0 });
  expect(await store.removeAll?.("ada")).toBe(1000);
  expect(counts.commits).toBeLessThan(10);
  expect(await store.list?.("ada")).toEqual([]);
});

it("keeps what a request changed, until the user logs out everywhere", async () => {
  const sessions = createSessions<{ cart: string[] }>({ secrets: SECRET, store: denoKv(kv) });
  const serve = (act: Parameters<typeof sessions.handler>[0]) => sessions.handler(act);
  const login = await serve((_request, session) => {
    session.login("ada");
    session.data.cart = ["apple"];
    return new Response("in");
  })(new Request("https://app.example.com/"));
  const Cookie = (login.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
  const read = serve((_request, session) => Response.json(session.data));
  const ask = () => read(new Request("https://app.example.com/", { headers: { Cookie } }));
  expect(await (await ask()).json()).toEqual({ cart: ["apple"] });
  expect(await sessions.revokeAll("ada")).toEqual({ count: 1, effect: "now" });
  expect(await (await ask()).json()).toEqual({});
});

it("refuses what is no Deno KV, and options that there are not", () => {
  for (const wrong of [undefined, null, {}, "sessions.db", { list() {} }])
    expect(() => denoKv(wrong as never)).toThrow(OptionError);
  expect(() => denoKv(undefined as never)).toThrow("Deno.openKv()");
  expect(() => denoKv(kv, { prefx: "a" } as never)).toThrow("did you mean prefix?");
  for (const prefix of ["", "é", "x".repeat(201), 7]) expect(() => denoKv(kv, { prefix: prefix as string })).toThrow(OptionError);
  for (const timeout of [0, -1, Number.NaN, 601, "5"])
    expect(() => denoKv(kv, { timeout: timeout as number })).toThrow("seconds");
});
