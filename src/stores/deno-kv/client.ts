/**
 * Calls to Deno KV, with a timeout for each, retries, and errors without session data.
 *
 * @module
 */
import { inTime } from "../../ground/in-time.ts";

/** A key of the store. */
export type DenoKvKey = readonly (string | number)[];

export interface DenoKvEntry {
  readonly key: readonly unknown[];
  readonly value: unknown;
  readonly versionstamp: string;
}

/** The methods used of an atomic operation. */
export interface DenoKvAtomic {
  check(...checks: { key: DenoKvKey; versionstamp: string | null }[]): unknown;
  set(key: DenoKvKey, value: unknown, options?: { expireIn?: number }): unknown;
  delete(key: DenoKvKey): unknown;
  commit(): Promise<{ readonly ok: boolean }>;
}

/**
 * The methods used of Deno KV: the result of `Deno.openKv()`, or of
 * `openKv()` from the package `@deno/kv`. The store never closes it.
 */
export interface DenoKv {
  list(
    selector: { prefix: DenoKvKey },
    options?: { batchSize?: number; consistency?: "strong" },
  ): AsyncIterable<{ readonly key: readonly unknown[]; readonly value: unknown; readonly versionstamp: string }>;
  atomic(): DenoKvAtomic;
}

export interface Change {
  /** Keys with the versionstamp each must have, or null if it must not exist. At most 10, the limit of @deno/kv. */
  readonly checks: readonly (readonly [key: DenoKvKey, versionstamp: string | null])[];
  /** Keys, their values, and for at least how many seconds to keep them. Infinity keeps them forever. */
  readonly sets: readonly (readonly [key: DenoKvKey, value: Uint8Array, seconds: number])[];
  readonly deletes: readonly DenoKvKey[];
}

/** The most entries that @deno/kv reads at one instant. https://docs.deno.com/api/deno/~/Deno.KvListOptions */
const BATCH = 500;
/** KV rejects instants that are too far ahead, so anything that lives longer than this is kept forever. */
const CENTURY = 100 * 365 * 24 * 60 * 60;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

/** The result of an attempt that met another change and must be retried. */
export const AGAIN: unique symbol = Symbol("again");

/** Deno KV during one call of the store, whose `timeout` covers all of it. */
export class Call {
  readonly #kv: DenoKv;
  readonly #deadline: number;

  constructor(kv: DenoKv, timeout: number) {
    this.#kv = kv;
    this.#deadline = performance.now() + 1000 * timeout;
  }

  /**
   * Reads everything under a prefix at one instant. Deno KV guarantees that only
   * per batch, so several batches are read until two readings are the same.
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

  /** Returns false if a check failed, and nothing was changed. */
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

  /** Retries while another process has locked the file, when nothing was done yet. */
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
  // A versionstamp is never reused.
  return left.length === right.length && left.every(({ versionstamp }, at) => versionstamp === right[at]?.versionstamp);
}

/** Retryable unless KV would reject the same call again. */
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

/** Neither Deno nor @deno/kv waits for a file lock, and only the message tells it from other failures. */
const isLocked = (error: unknown): boolean => error instanceof Error && error.message.startsWith("database is locked");

/** Deno KV's messages may contain keys. In @deno/kv, all errors share a code, and messages begin with one word. */
function withoutData(error: unknown): Error {
  if (error instanceof DenoKvFailure) return error;
  const { name, code, message } = (error ?? {}) as { name?: unknown; code?: unknown; message?: unknown };
  const word = /^[A-Z][A-Za-z]{2,40}(?=\n|$)/.exec(String(message))?.[0];
  const said = word ?? [code, name].find((one) => typeof one === "string" && /^\w{1,60}$/.test(one));
  return new DenoKvFailure(String(said ?? "Error"), !(error instanceof TypeError) && word === undefined);
}

export function combined(...changes: readonly Change[]): Change {
  return {
    checks: changes.flatMap(({ checks }) => checks),
    sets: changes.flatMap(({ sets }) => sets),
    deletes: changes.flatMap(({ deletes }) => deletes),
  };
}
