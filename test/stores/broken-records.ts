/** Records of which somebody broke one field: nobody has a session by one, and it is in nobody's way. */
import { expect } from "vitest";
import { parseData } from "../../src/ground/json.ts";
import { isMoved, type Key } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";

/** Fields that stores keep apart from the data, and what somebody wrote there. */
export const BROKEN_FIELDS: readonly (readonly [field: "meta" | "subject" | "version", value: string])[] = [
  ["meta", "secret"],
  ["meta", "7"],
  ["meta", "[1]"],
  ["meta", ""],
  ["subject", "secret"],
  ["subject", "{}"],
  ["subject", ""],
  ["version", "secret"],
];

/** Where a broken record is, another session of its user, and the user. */
interface Neighbours {
  readonly other: Key;
  readonly subject: string;
  readonly now: number;
}

/** Loads, lists and removes a broken record. The other session of the user stays as it is. */
export async function isNoRecord(store: SessionStore, key: Key, { other, subject, now }: Neighbours): Promise<void> {
  const touch = { seenAfter: 0, seenBefore: now, expiresAt: now + 3600 };
  for (const options of [{ now }, { now, touch }]) {
    const found = await store.load(key, options);
    expect(found === null || (!isMoved(found) && parseData(found.data) === null)).toBe(true);
  }
  if (store.list !== undefined) expect((await store.list(subject)).map(({ id }) => id)).toEqual([other.id]);
  await store.remove(key);
  expect(await store.load(key, { now })).toBeNull();
  expect(await store.load(other, { now })).toMatchObject({ subject });
}
