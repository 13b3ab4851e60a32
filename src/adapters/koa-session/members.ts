/**
 * What `ctx.session` inherits in this dialect: koa-session's properties and methods, beside those of Express's sessions.
 *
 * @module
 */
import { type Done, methodsOn, ownerOf, type SessionMethods } from "../express-methods.ts";
import type { KoaSessionContext } from "./context.ts";

/** What `ctx.session` inherits beside the data: koa-session's properties and methods, and those of Express's sessions. */
export interface KoaSessionMembers extends SessionMethods {
  /** Whether the request came without a session. */
  readonly isNew: boolean;
  /** How long the session lasts after it was saved, in milliseconds, or `"session"`. Set, it counts for this session alone, which is saved then. */
  maxAge: number | "session";
  /** The key in the store, where there is one. */
  readonly externalKey: string | undefined;
  /** How many keys the data has. */
  readonly length: number;
  /** Whether it has any. */
  readonly populated: boolean;
  /** Saves now, whether anything changed or not. The cookie goes with the answer. */
  save(done: Done | undefined): void;
  /** The same, as a promise. */
  save(): Promise<void>;
  /** Puts the session's headers on the answer, where the option `autoCommit` is false. The session takes no change afterwards. */
  manuallyCommit(): Promise<void>;
  /** The same as {@link manuallyCommit}. */
  commit(): Promise<void>;
  /** A copy of the data. */
  toJSON(): Record<string, unknown>;
}

const contextOf = (data: object): KoaSessionContext => ownerOf(data) as KoaSessionContext;

/** The prototype for the data of sessions. */
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
