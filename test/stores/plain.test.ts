/** The bridge to stores of three methods: what it says it cannot keep, and what it takes once. */
import { expect, it } from "vitest";
import { plain } from "../../src/stores/bridges/plain.ts";
import { plainRows } from "../support/plain-rows.ts";

const NOW = 1_800_000_000;
const key = { id: "a-session-of-this-test" };
const record = { data: '{"a":1}', version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + 3600 };

function setUp() {
  const texts = new Map<string, string>();
  return { store: plain(plainRows(texts)), texts };
}

it("promises neither atomic nor immediate, and no marks", () => {
  expect(setUp().store.guarantees).toEqual({ atomic: false, immediate: false, marks: false });
});

it("takes what is there once", async () => {
  const { store, texts } = setUp();
  expect(await store.take(key)).toBeNull();
  await store.create(key, record);
  expect(await store.take(key)).toMatchObject({ data: '{"a":1}' });
  expect(await store.take(key)).toBeNull();
  expect(texts.size).toBe(0);
});

it("leaves nothing where a session was that moved", async () => {
  const { store, texts } = setUp();
  await store.create(key, record);
  const to = { id: "its-new-id-of-this-test" };
  await store.replace(key, to, { set: [["b", "2"]], unset: [] }, record, { by: "login", graceSeconds: 0 });
  expect([...texts]).toEqual([[to.id, '{"a":1,"b":2}']]);
  expect(await store.load(key, { now: NOW })).toBeNull();
});
