/**
 * A bridge to stores made for express-session: connect-redis, connect-mongo, connect-pg-simple, and some sixty others.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { checkGiven, refuseUnknown, shown } from "../../ground/option-values.ts";
import type { RecordOrMark } from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { entryFrom, entryToText } from "./entry.ts";
import { BridgeStore, type Items, type Life } from "./store.ts";

/** What an Express store stores. The cookie is never sent. Stores read the expiry from it. */
export interface ConnectSession {
  readonly cookie: {
    /** Milliseconds from now. */
    readonly originalMaxAge: number | null;
    /** Milliseconds from now, for stores that read this property. */
    readonly maxAge?: number | undefined;
    readonly expires?: Date | null | undefined;
    readonly path?: string | undefined;
    readonly httpOnly?: boolean | undefined;
  };
  /** The session itself, as JSON text. */
  readonly "web-session-store"?: string;
}

/**
 * The methods used of an Express store. `touch` is not: it does not report whether
 * there is a session or record its use, and some stores create missing sessions.
 */
export interface ConnectStore {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown;
  set(sid: string, session: ConnectSession, callback: (error?: unknown) => void): unknown;
  destroy(sid: string, callback: (error?: unknown) => void): unknown;
}

/** Options of the bridge. */
export interface ConnectOptions {
  /**
   * How long a call of the store may take, in seconds, at most 3,600. A
   * store that loses its connection may never call back. Default: 10.
   */
  timeout?: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof ConnectOptions>(["timeout"]);

/**
 * Wraps an Express session store as a SessionStore. The store handles prefix,
 * connection and clean-up. It gets the expiry in `cookie`. A fixed `ttl` among its
 * options must not be shorter than any `idleTimeout`, including that of a login.
 *
 * Limits of `get` and `set`: of two parallel changes the last one wins, a slow request
 * may bring back a session that ended, two parallel requests may both use a one-time
 * record, `regenerateId()` has no grace, and a user's sessions cannot be listed.
 *
 * @throws OptionError if the store lacks a method, or the timeout is invalid.
 *
 * @see https://expressjs.com/en/resources/middleware/session.html
 *
 * @example
 * ```ts
 * import { RedisStore } from "connect-redis";
 *
 * const sessions = createSessions({ secrets, store: connect(new RedisStore({ client })) });
 * ```
 */
export function connect(store: ConnectStore, options: ConnectOptions = {}): DefinedStore {
  const missing = (["get", "set", "destroy"] as const).filter((name) => typeof store?.[name] !== "function");
  if (missing.length > 0) {
    throw new OptionError("ERR_OPTION", `Cannot use this store: it lacks the method ${missing.join(", ")}`);
  }
  checkGiven(options, "connect", "{ timeout }");
  refuseUnknown(options, KNOWN);
  const { timeout = 10 } = options;
  if (!(typeof timeout === "number" && timeout > 0 && timeout <= 3600)) {
    throw new OptionError("ERR_OPTION", `Cannot use timeout ${shown(timeout)}: it must be a number of seconds, up to 3600`);
  }
  return defineStore<SessionStore>(new BridgeStore(new ConnectItems(store, timeout)));
}

/** Ten years, in seconds. Stands for "never", for which many stores use an hour or a day. */
const VERY_LONG = 10 * 365 * 86_400;

class ConnectItems implements Items {
  readonly #store: ConnectStore;
  readonly #timeout: number;

  constructor(store: ConnectStore, timeout: number) {
    this.#store = store;
    this.#timeout = timeout;
  }

  async get(id: string): Promise<RecordOrMark | null> {
    const session = await this.#ask("load", (done) => this.#store.get(id, done)).catch((error: unknown) => {
      // Some stores in files report an unknown session this way, and express-session accepts it.
      if ((error as { code?: unknown } | null)?.code === "ENOENT") return null;
      throw error;
    });
    if (session === null || session === undefined) return null;
    return entryFrom((session as ConnectSession)["web-session-store"] ?? null);
  }

  async put(id: string, entry: RecordOrMark, { expiresAt, seconds }: Life): Promise<void> {
    const isForever = !Number.isFinite(seconds);
    const maxAge = (isForever ? VERY_LONG : seconds) * 1000;
    const expires = new Date(isForever ? Date.now() + maxAge : expiresAt * 1000);
    const cookie = { originalMaxAge: maxAge, maxAge, expires, path: "/", httpOnly: true };
    const session = { cookie, "web-session-store": entryToText(entry) };
    await this.#ask("save", (done) => this.#store.set(id, session, done));
  }

  async remove(id: string): Promise<void> {
    await this.#ask("remove", (done) => this.#store.destroy(id, done));
  }

  async #ask(action: string, call: (done: (error?: unknown, value?: unknown) => void) => unknown): Promise<unknown> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(timeoutError(action, this.#timeout)), this.#timeout * 1000);
        const returned = call((error, value) => (error ? reject(error) : resolve(value)));
        // An async method may also reject without calling back.
        Promise.resolve(returned).catch(reject);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

function timeoutError(action: string, timeout: number): Error {
  const error = new Error(`Cannot ${action} the session: the store did not call back within ${timeout} seconds`);
  return Object.assign(error, { code: "ETIMEDOUT" });
}
