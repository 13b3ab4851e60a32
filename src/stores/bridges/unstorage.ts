/**
 * Sessions in any storage or driver of unstorage: files, MongoDB, Redis, and some twenty others.
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

/** What is used of an unstorage `Storage` or `Driver`. A driver that cannot write has no `setItem`, and is refused. */
export interface UnstorageLike {
  getItem(key: string, options?: object): unknown;
  setItem?(key: string, value: string, options: { ttl?: number }): unknown;
  removeItem?(key: string, options: object): unknown;
}

/** Where in the storage. */
export interface UnstorageOptions {
  /** What the keys begin with, before a colon: letters, digits, `-`, `_`, and colons between them. Default `"session"`. */
  prefix?: string;
}

const KNOWN: ReadonlySet<string> = new Set<keyof UnstorageOptions>(["prefix"]);

/**
 * Makes a storage of unstorage a SessionStore: one item for each session, `session:<id>`, JSON text. Drivers that expire are
 * told when they may (`ttl`); others keep what is over until somebody removes it.
 *
 * It promises what reading and writing back can: of two parallel changes the last one wins, a slow request may bring back a
 * session that ended, what may be used once may be used by two at the same time, `regenerateId()` has no grace, and there is
 * no list of a user's sessions.
 *
 * @throws OptionError when the storage cannot read, write and remove, or the prefix cannot be used.
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

/** Ends every item. JSON text has none inside. */
const END = "\n";
/** How long to wait before an item that is not whole is read again. Milliseconds. */
const REREAD_AFTER = [5, 10, 20, 40, 80];

class UnstorageItems implements Items {
  readonly #storage: Required<UnstorageLike>;
  readonly #prefix: string;

  constructor(storage: Required<UnstorageLike>, prefix: string) {
    this.#storage = storage;
    this.#prefix = prefix;
  }

  /**
   * A file is empty for a moment whenever it is written, so what is not whole is read again. What stays so was cut off by a
   * crash: there is no session in it any more.
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
 * The entry, or null when its text is not whole. A storage gives JSON already parsed, a driver its text. Of two writes to one
 * file at the same time, the end of the longer text may stay behind the shorter one, so what follows the first end is not ours.
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
