/** Marks that somebody broke: whatever is missing or wrong in one, nobody has a session by it, and nothing comes back. */
import { expect } from "vitest";
import type { Key, MovedMark } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";

type Broken = { readonly [Name in keyof MovedMark]?: unknown };

/** Members of a mark with a grace, each missing or wrong. Without `to`, one that stores the new id alone. */
export const BROKEN_MARKS: readonly (readonly [what: string, change: Broken])[] = [
  ["does not say where to", { to: undefined }],
  ["does not say what moved the session", { by: undefined }],
  ["says that something else moved it", { by: "logout" }],
  ["has no number where a grace ends", { graceUntil: "never" }],
];

/** Asks for the session behind a broken mark in every way there is. */
export async function isNoSession(store: SessionStore, key: Key, now: number): Promise<void> {
  const use = { now, expiresAt: now + 3600 };
  const [patch, record] = [
    { set: [["a", "1"] as const], unset: [] },
    { startedAt: now, seenAt: now, expiresAt: now + 3600 },
  ];
  const next = { ...key, id: `${key.id.slice(0, 20)}-after-a-broken-mark` };
  expect(await store.load(key, { now })).toBeNull();
  expect(await store.load(key, { now, touch: { ...use, seenAfter: 0, seenBefore: now } })).toBeNull();
  expect(await store.update(key, patch, use)).toMatchObject({ ok: false });
  const move = { by: "login", graceSeconds: 0 } as const;
  expect(await store.replace(key, next, patch, { data: "{}", version: 1, ...record }, move)).toMatchObject({ ok: false });
  expect(await store.touch(key, use)).toBe(false);
  expect(await store.take(key)).toBeNull();
  for (const one of [key, next]) expect(await store.load(one, { now })).toBeNull();
  await store.remove(key);
  expect(await store.load(key, { now })).toBeNull();
}

/** Marks that lead in a circle: which of them each leads to, by its place. */
export const CIRCLES: readonly (readonly [what: string, to: readonly number[]])[] = [
  ["leads to itself", [0]],
  ["leads to another, which leads back", [1, 0]],
  ["leads into a circle", [1, 2, 3, 1]],
];

/** Asks for the session behind marks that lead in a circle, and ends it. Stores that keep marks keep these too. */
export async function isNoEndlessTrail(store: SessionStore, keys: readonly Key[], now: number): Promise<void> {
  const use = { now, expiresAt: now + 3600 };
  for (const key of keys) {
    expect(await store.update(key, { set: [["a", "1"]], unset: [] }, use)).toEqual({ ok: false, why: "moved" });
    expect(await store.take(key)).toBeNull();
  }
  await store.remove(keys[0] as Key);
  for (const key of keys) {
    expect(await store.touch(key, use)).toBe(false);
    expect(Object(await store.load(key, { now }))).not.toHaveProperty("data");
  }
}
