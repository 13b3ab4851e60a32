/**
 * The store contract for random patches, the same in every run.
 *
 * @module
 */
import type { JsonObject } from "../../ground/json.ts";
import { diff, type Patch } from "../../session/patch.ts";
import { ODD_KEYS } from "./data.ts";
import { HOUR, LOGIN, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** Cases about random patches. Each makes fewer than thirty calls, since a store may be far away. */
export const patchCases: readonly TrialCase[] = [
  { name: "random patches give the expected data", run: patchesInTurn },
  { name: "patches of different keys give the same result in either order", run: eitherOrder },
  { name: "replace applies random patches, with and without replacesData", run: patchesOfReplace },
];

/** A few keys of every kind, one of them long, so that two objects often share some. */
const KEYS: readonly string[] = [...ODD_KEYS.filter((_key, index) => index % 6 === 0), "k".repeat(10_000), "\ud800", "10", "2"];
const LEAVES: readonly unknown[] = [null, true, false, 0, -1, 0.5, 1e21, "", "0", "\u0000", "地", "\udc00", [], {}];

/** A seeded generator of numbers from 0 to below 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function anyOf<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function anyValue(random: () => number, depth = 0): unknown {
  const kind = random();
  if (kind < 0.6 || depth === 3) return anyOf(LEAVES, random);
  const items = Array.from({ length: Math.floor(random() * 4) }, () => anyValue(random, depth + 1));
  return kind < 0.8 ? items : Object.fromEntries(items.map((item) => [anyOf(ODD_KEYS, random), item] as const));
}

function anyData(random: () => number): JsonObject {
  const data: JsonObject = Object.create(null);
  for (const key of KEYS) if (random() < 0.5) data[key] = anyValue(random);
  return data;
}

/** A patch of `data`, in two parts without a common key. */
function anyParts(before: JsonObject, after: JsonObject, random: () => number): [Patch, Patch] {
  const { set, unset } = diff(before, after) ?? NO_CHANGE;
  const first = new Set(KEYS.filter(() => random() < 0.5));
  const part = (is: boolean): Patch => ({
    set: set.filter(([key]) => first.has(key) === is),
    unset: unset.filter((key) => first.has(key) === is),
  });
  return [part(true), part(false)];
}

async function patchesInTurn(trial: Trial): Promise<void> {
  const random = randomFrom(1);
  for (let round = 0; round < 4; round++) {
    let before = anyData(random);
    const { key, record } = await trial.begin({ data: JSON.stringify(before) });
    for (const version of [2, 3, 4]) {
      const after = anyData(random);
      const options = { now: record.seenAt, expiresAt: record.expiresAt };
      trial.written(await trial.store.update(key, diff(before, after) ?? NO_CHANGE, options), version);
      await trial.has(key, { ...record, data: JSON.stringify(after), version });
      before = after;
    }
  }
}

async function eitherOrder(trial: Trial): Promise<void> {
  const random = randomFrom(2);
  for (let round = 0; round < 3; round++) {
    const [before, after] = [anyData(random), anyData(random)];
    const [one, other] = anyParts(before, after, random);
    for (const patches of [
      [one, other],
      [other, one],
    ]) {
      const { key, record } = await trial.begin({ data: JSON.stringify(before) });
      const options = { now: trial.now, expiresAt: trial.now + HOUR };
      for (const patch of patches) await trial.store.update(key, patch, options);
      await trial.has(key, { ...record, data: JSON.stringify(after), version: 3 });
    }
  }
}

async function patchesOfReplace(trial: Trial): Promise<void> {
  const random = randomFrom(3);
  for (let round = 0; round < 8; round++) {
    const [before, after] = [anyData(random), anyData(random)];
    const { key, record } = await trial.begin({ data: JSON.stringify(before) });
    const replacesData = round % 2 === 1;
    const patch = diff(replacesData ? {} : before, after) ?? NO_CHANGE;
    const next = await trial.key();
    const result = await trial.store.replace(key, next, replacesData ? { ...patch, replacesData } : patch, record, LOGIN);
    trial.written(result, 2);
    await trial.has(next, { ...record, data: JSON.stringify(after), version: 2 });
  }
}
