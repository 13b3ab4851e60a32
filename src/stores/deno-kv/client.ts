/**
 * What the store uses of Deno KV, and how it asks: each call in time, and its failures without what they may hold of a session.
 *
 * @module
 */
import { inTime } from "../../ground/in-time.ts";

/** A key as the store makes them. */
export type DenoKvKey = readonly (string | number)[];

/** An entry that was read. */
export interface DenoKvEntry {
  readonly key: readonly unknown[];
  readonly value: unknown;
  readonly versionstamp: string;
}

/** What the store uses of an atomic operation of Deno KV. */
export interface DenoKvAtomic {
  check(...checks: { key: DenoKvKey; versionstamp: string | null }[]): unknown;
  set(key: DenoKvKey, value: unknown, options?: { expireIn?: number }): unknown;
  delete(key: DenoKvKey): unknown;
  commit(): Promise<{ readonly ok: boolean }>;
}

/** What the store uses of Deno KV: what `Deno.openKv()` gives, or `openKv()` of the package `@deno/kv`. The store never closes it. */
export interface DenoKv {
  list(
    selector: { prefix: DenoKvKey },
    options?: { batchSize?: number; consistency?: "strong" },
  ): AsyncIterable<{ readonly key: readonly unknown[]; readonly value: unknown; readonly versionstamp: string }>;
  atomic(): DenoKvAtomic;
}

/** One atomic operation: what must still be so, and what is changed then. */
export interface Change {
  /** Keys, and the versionstamps that they must have; null for a key that must not be there. At most 10, which is what @deno/kv takes. */
  readonly checks: readonly (readonly [key: DenoKvKey, versionstamp: string | null])[];
  /** Keys, their bytes, and for how many seconds they are kept at least; Infinity forever. */
  readonly sets: readonly (readonly [key: DenoKvKey, value: Uint8Array, seconds: number])[];
  readonly deletes: readonly DenoKvKey[];
}

/** The most entries that @deno/kv reads at one instant. https://docs.deno.com/api/deno/~/Deno.KvListOptions */
const BATCH = 500;
/** KV keeps no instant that is too far ahead: what lives longer than a century is kept forever. */
const CENTURY = 100 * 365 * 24 * 60 * 60;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

/** Tells that an attempt met another change, and must be made anew. */
export const AGAIN: unique symbol = Symbol("again");

/** Deno KV, asked for one call of the store: all of it together must not take longer than the store's `timeout`. */
export class Call {
  readonly #kv: DenoKv;
  readonly #deadline: number;

  constructor(kv: DenoKv, timeout: number) {
    this.#kv = kv;
    this.#deadline = performance.now() + 1000 * timeout;
  }

  /**
   * Everything under a prefix, at one instant. Deno KV promises that of each batch alone, so what takes several is read until it is twice the
   * same.
   */
  async read(prefix: DenoKvKey): Promise<DenoKvEntry[]> {
    for (let before = await this.#list(prefix), attempt = 0; ; attempt++) {
      if (before.length < BATCH) return before;
      const again = await this.#list(prefix);
      if (isSame(before, again)) return again;
      await this.#pause(attempt);
      before = again;
    }
  }

  /** Whether the change was made; if not, one of its checks failed. */
  async commit({ checks, sets, deletes }: Change): Promise<boolean> {
    const { ok } = await this.#ask(() => {
      const operation = this.#kv.atomic();
      for (const [key, versionstamp] of checks) operation.check({ key, versionstamp });
      for (const key of deletes) operation.delete(key);
      for (const [key, value, seconds] of sets) operation.set(key, value, lifetime(seconds));
      return operation.commit();
    });
    return ok;
  }

  /** Makes an attempt until it is not in vain, with pauses, within the call's time. */
  async until<Result>(make: () => Promise<Result | typeof AGAIN>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      const result = await make();
      if (result !== AGAIN) return result;
      await this.#pause(attempt);
    }
  }

  #list(prefix: DenoKvKey): Promise<DenoKvEntry[]> {
    return this.#ask(async () => {
      const entries: DenoKvEntry[] = [];
      for await (const entry of this.#kv.list({ prefix }, { batchSize: BATCH, consistency: "strong" })) entries.push(entry);
      return entries;
    });
  }

  /** A file that another process has locked is asked again: nothing was done. */
  async #ask<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#within(ask);
      } catch (error) {
        if (!isLocked(error)) throw withoutData(error);
        await this.#pause(attempt);
      }
    }
  }

  async #pause(attempt: number): Promise<void> {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random());
    if (performance.now() + pause >= this.#deadline) throw new DenoKvFailure("BUSY", true);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }

  #within<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const seconds = Math.max(0, this.#deadline - performance.now()) / 1000;
    return inTime(seconds, ask, () => new DenoKvFailure("TIMEOUT", true));
  }
}

function lifetime(seconds: number): { expireIn?: number } {
  return seconds < CENTURY ? { expireIn: Math.max(1, Math.ceil(1000 * seconds)) } : {};
}

function isSame(left: readonly DenoKvEntry[], right: readonly DenoKvEntry[]): boolean {
  // A versionstamp is given once, so where all of them are the same nothing was changed between the two readings.
  return left.length === right.length && left.every(({ versionstamp }, at) => versionstamp === right[at]?.versionstamp);
}

/** A failure of Deno KV. `code` says in one word what is wrong; `retryable` unless the store asked for what KV never takes. */
class DenoKvFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, retryable: boolean) {
    super(`Cannot ask Deno KV: ${code}`);
    this.name = "DenoKvFailure";
    this.code = code;
    this.retryable = retryable;
  }
}

/** Neither Deno nor @deno/kv waits for a file's lock, and only their messages tell it from other failures. */
const isLocked = (error: unknown): boolean => error instanceof Error && error.message.startsWith("database is locked");

/** Messages of Deno KV may hold keys. Those of @deno/kv begin with one word, and all its errors have the same code. */
function withoutData(error: unknown): Error {
  if (error instanceof DenoKvFailure) return error;
  const { name, code, message } = (error ?? {}) as { name?: unknown; code?: unknown; message?: unknown };
  const word = /^[A-Z][A-Za-z]{2,40}(?=\n|$)/.exec(String(message))?.[0];
  const said = word ?? [code, name].find((one) => typeof one === "string" && /^\w{1,60}$/.test(one));
  return new DenoKvFailure(String(said ?? "Error"), !(error instanceof TypeError) && word === undefined);
}

/** Several changes in one operation. */
export function combined(...changes: readonly Change[]): Change {
  return {
    checks: changes.flatMap(({ checks }) => checks),
    sets: changes.flatMap(({ sets }) => sets),
    deletes: changes.flatMap(({ deletes }) => deletes),
  };
}
