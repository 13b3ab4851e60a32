/** Memory stores with some of their methods made otherwise, and what such methods are made of. */
import type { JsonObject } from "../../src/ground/json.ts";
import type { Patch } from "../../src/session/patch.ts";
import { isMoved, type Key, type Move, type MovedMark, type SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { withMethods } from "../support/changed-store.ts";

export type Full = Required<Omit<SessionStore, "route" | "recordRoute" | "dataOnly" | "watch">>;
export type Change = (whole: Full) => Partial<SessionStore>;

/** A memory store with some of its methods made wrong. */
export function altered(change: Change): DefinedStore {
  const whole = withMethods(memory() as Full);
  return withMethods(whole, change(whole));
}

export async function recordAt(store: SessionStore, key: Key, now: number): Promise<SessionRecord | null> {
  const found = await store.load(key, { now });
  return found === null || isMoved(found) ? null : found;
}

/** A patch whose values for objects are laid over the objects that are there. */
export function merging(there: JsonObject, { set, ...rest }: Patch): Patch {
  const merged = set.map(([key, json]) => {
    const [before, value] = [there[key], JSON.parse(json)];
    const both = [before, value].every((one) => typeof one === "object" && one !== null && !Array.isArray(one));
    return [key, both ? JSON.stringify({ ...(before as object), ...value }) : json] as const;
  });
  return { ...rest, set: merged };
}

/** Replace that moves otherwise than it was told. */
export function moving(whole: Full, change: (move: Move) => Move): Partial<SessionStore> {
  return { replace: (from, to, patch, record, move) => whole.replace(from, to, patch, record, change(move)) };
}

/** Load that shows marks otherwise than they are. */
export function marking(whole: Full, change: (mark: MovedMark) => MovedMark | null): Partial<SessionStore> {
  return {
    async load(key, options) {
      const found = await whole.load(key, options);
      return found !== null && isMoved(found) ? change(found) : found;
    },
  };
}

export const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Update as stores do it that can only load and save. */
export function readMergeSave(whole: Full): SessionStore["update"] {
  return async (key, patch, options) => {
    const found = await recordAt(whole, key, options.now);
    if (found === null || found.expiresAt <= options.now) return whole.update(key, patch, options);
    if (options.ifVersion !== undefined && options.ifVersion !== found.version) return { ok: false, why: "conflict" };
    await nextTurn();
    await whole.remove(key);
    await whole.create(key, { ...found, expiresAt: Math.max(found.expiresAt, options.expiresAt) });
    const { ifVersion: _checked, ...rest } = options;
    return whole.update(key, patch, rest);
  };
}

/** Take as stores do it that can only load and remove. */
export function readAndRemove(whole: Full): SessionStore["take"] {
  return async (key) => {
    const found = await recordAt(whole, key, 0);
    await nextTurn();
    if (found !== null) await whole.remove(key);
    return found;
  };
}
