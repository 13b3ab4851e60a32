/**
 * The prototype of `ctx.session` in the koa-session dialect: koa-session's properties and methods, and those of Express
 * sessions.
 *
 * @module
 */
import { type Done, methodsOn, ownerOf, type SessionMethods } from "../express-methods.ts";
import type { KoaSessionContext } from "./context.ts";

/** What `ctx.session` inherits: koa-session's properties and methods, and those of Express sessions. */
export interface KoaSessionMembers extends SessionMethods {
  /** Whether the request came without a session. */
  readonly isNew: boolean;
  /**
   * How long the session lasts after it was last saved: milliseconds, or `"session"`. Setting it saves this session and
   * affects no other.
   */
  maxAge: number | "session";
  /** The key in the store, if there is a store. */
  readonly externalKey: string | undefined;
  /** The number of keys in the data. */
  readonly length: number;
  /** Whether the data has any keys. */
  readonly populated: boolean;
  /** Saves now, changed or not. The cookie is sent with the response. */
  save(done: Done | undefined): void;
  /** The same, with a promise. */
  save(): Promise<void>;
  /** Puts the session's headers on the response, for `autoCommit: false`. The session cannot be changed afterwards. */
  manuallyCommit(): Promise<void>;
  /** The same as {@link manuallyCommit}. */
  commit(): Promise<void>;
  /** A copy of the data, without keys that begin with `_`. */
  toJSON(): Record<string, unknown>;
}

const contextOf = (data: object): KoaSessionContext => ownerOf(data) as KoaSessionContext;

export const MEMBERS: object = Object.create(methodsOn(Object.prototype), {
  isNew: { get: isNew, set: () => {}, configurable: true },
  maxAge: {
    get(this: object) {
      return contextOf(this).maxAge;
    },
    set(this: object, value: number | "session") {
      contextOf(this).maxAge = value;
    },
    configurable: true,
  },
  externalKey: {
    get(this: object) {
      return contextOf(this).externalKey;
    },
    configurable: true,
  },
  length: {
    get(this: object) {
      return Object.keys(this).length;
    },
    configurable: true,
  },
  populated: {
    get(this: object) {
      return Object.keys(this).length > 0;
    },
    configurable: true,
  },
  manuallyCommit: { value: manuallyCommit, writable: true, configurable: true },
  commit: { value: manuallyCommit, writable: true, configurable: true },
  toJSON: { value: toJSON, writable: true, configurable: true },
});

function isNew(this: object): boolean {
  return contextOf(this).session.isNew;
}

async function manuallyCommit(this: object): Promise<void> {
  await contextOf(this).commitNow();
}

function toJSON(this: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(this).filter(([key]) => !key.startsWith("_")));
}
