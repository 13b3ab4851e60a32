/**
 * A bridge to any storage or driver of unstorage: files, MongoDB, Redis, and some twenty others.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { checkGiven, refuseUnknown } from "../../ground/option-values.ts";
import type { RecordOrMark } from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { entryFrom, entryToText } from "./entry.ts";
import { BridgeStore, type Items, type Life } from "./store.ts";

/** The methods used of an unstorage `Storage` or `Driver`. A read-only driver has no `setItem` and is refused. */
export interface UnstorageLike {
  getItem(key: string, options?: object): unknown;
  setItem?(key: string, value: string, options: { ttl?: number }): unknown;
  removeItem?(key: string, options: object): unknown;
}

/** Options of the bridge. */
export interface UnstorageOptions {
  /**
   * Prefix of all keys, followed by a colon: letters, digits, `-`
   * and `_`, with single colons between them. Default: `"session"`.
   */
  prefix?: string;
}

const KNOWN: ReadonlySet<string> = new Set<keyof UnstorageOptions>(["prefix"]);

/**
 * Wraps an unstorage storage as a SessionStore. Each session is one item, `session:<id>`, with JSON
 * text. Drivers that can expire items get a `ttl`. Others keep expired items until you remove them.
 *
 * Limits of reading and writing back: of two parallel changes the last one wins, a slow
 * request may bring back a session that ended, two parallel requests may both use a
 * one-time record, `regenerateId()` has no grace, and a user's sessions cannot be listed.
 *
 * @throws OptionError if the storage cannot read, write and remove, or the prefix is invalid.
 *
 * @see https://unstorage.unjs.io/drivers
 *
 * @example
 * ```ts
 * import { createStorage } from "unstorage";
 * import fs from "unstorage/drivers/fs";
 *
 * const storage = createStorage({ driver: fs({ base: "./sessions" }) });
 * const sessions = createSessions({ secrets, store: unstorage(storage) });
 * ```
 */
export function unstorage(storage: UnstorageLike, options: UnstorageOptions = {}): DefinedStore {
  const missing = (["getItem", "setItem", "removeItem"] as const).filter((name) => typeof storage?.[name] !== "function");
  if (missing.length > 0) {
    throw new OptionError("ERR_OPTION", `Cannot use this storage: it lacks the method ${missing.join(", ")}`);
  }
  checkGiven(options, "unstorage", "{ prefix }");
  refuseUnknown(options, KNOWN);
  const { prefix = "session" } = options;
  if (!/^[\w-]+(:[\w-]+)*$/.test(prefix)) {
    throw new OptionError(
      "ERR_OPTION",
      'Cannot use this prefix: it must be letters, digits, "-" and "_", with single colons between them',
    );
  }
  return defineStore<SessionStore>(new BridgeStore(new UnstorageItems(storage as Required<UnstorageLike>, `${prefix}:`)));
}

/** Ends every item. JSON text contains no line break. */
const END = "\n";
/** Pauses before an incomplete item is read again, in milliseconds. */
const REREAD_AFTER = [5, 10, 20, 40, 80];

class UnstorageItems implements Items {
  readonly #storage: Required<UnstorageLike>;
  readonly #prefix: string;

  constructor(storage: Required<UnstorageLike>, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /**
   * A file is briefly empty while it is written, so an incomplete item
   * is read again. One that stays incomplete was cut off by a crash.
   */
  async get(id: string): Promise<RecordOrMark | null> {
    for (const pause of [...REREAD_AFTER, 0]) {
      const value = await this.#storage.getItem(this.#prefix + id, {});
      if (value === null || value === undefined) return null;
      const entry = wholeEntry(value);
      if (entry !== null) return entry;
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return null;
  }

  async put(id: string, entry: RecordOrMark, { seconds }: Life): Promise<void> {
    const options = Number.isFinite(seconds) ? { ttl: seconds } : {};
    await this.#storage.setItem(this.#prefix + id, entryToText(entry) + END, options);
  }

  async remove(id: string): Promise<void> {
    await this.#storage.removeItem(this.#prefix + id, {});
  }
}

/**
 * Null if the text is incomplete. A storage returns parsed JSON, a driver text. If two writes to a
 * file overlap, the end of a longer text may follow the shorter one, so only the first line counts.
 */
function wholeEntry(value: unknown): RecordOrMark | null {
  if (typeof value !== "string") return entryFrom(value);
  const [text = ""] = value.split(END, 1);
  try {
    return entryFrom(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
