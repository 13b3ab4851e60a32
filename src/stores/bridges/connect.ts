/**
 * Sessions in any store made for express-session: connect-redis, connect-mongo, connect-pg-simple, and some sixty others.
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

/** What an Express store gets to keep. The cookie is never sent: stores read from it when the session ends. */
export interface ConnectSession {
  readonly cookie: {
    /** Milliseconds from now. */
    readonly originalMaxAge: number | null;
    /** Milliseconds from now, for stores that read this one. */
    readonly maxAge?: number | undefined;
    readonly expires?: Date | null | undefined;
    readonly path?: string | undefined;
    readonly httpOnly?: boolean | undefined;
  };
  /** The session itself, as JSON text. */
  readonly "web-session-store"?: string;
}

/**
 * What is used of an Express store. Its `touch` is not: it moves the end of a session and cannot tell whether there is one,
 * nor write down when it was used; some make a session where there was none.
 */
export interface ConnectStore {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown;
  set(sid: string, session: ConnectSession, callback: (error?: unknown) => void): unknown;
  destroy(sid: string, callback: (error?: unknown) => void): unknown;
}

/** How to wait. */
export interface ConnectOptions {
  /** How long the store may take for one call, in seconds, at most 3,600. Default 10. A store that is cut off may never call back. */
  timeout?: number;
}

const KNOWN: ReadonlySet<string> = new Set<keyof ConnectOptions>(["timeout"]);

/**
 * Makes an Express session store a SessionStore. Prefix, connection and clean-up are the store's own; when a session ends
 * is told to it in `cookie`, so a fixed `ttl` among its options must not be shorter than `idleTimeout`, also that of a login.
 *
 * It promises what `get` and `set` can: of two parallel changes the last one wins, a slow request may bring back a session
 * that ended, what may be used once may be used by two at the same time, `regenerateId()` has no grace, and there is no list
 * of a user's sessions.
 *
 * @throws OptionError when the store lacks a method, or the timeout cannot be used.
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
    throw new OptionError("ERR_OPTION", `Cannot use timeout ${String(timeout)}: it must be a number of seconds, up to 3600`);
  }
  return defineStore<SessionStore>(new BridgeStore(new ConnectItems(store, timeout)));
}

/** Stands for "never", which many of these stores would take for an hour or a day. Ten years, in seconds. */
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
      // A store that keeps files may say so of an unknown session: express-session takes that for none, too.
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

  /** What the store calls back with, the first time it does. */
  async #ask(action: string, call: (done: (error?: unknown, value?: unknown) => void) => unknown): Promise<unknown> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      return await new Promise((resolve, reject) => {
        timer = setTimeout(() => reject(timeoutError(action, this.#timeout)), this.#timeout * 1000);
        const returned = call((error, value) => (error ? reject(error) : resolve(value)));
        // An asynchronous method may also fail before it calls back, or after.
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
