/**
 * A store in MongoDB: for several processes that share sessions, and sessions that survive a restart.
 *
 * @module
 */
import { once } from "../../ground/maybe-promise.ts";
import { checkGiven, checkValues, FLAG, type Rule, refuseUnknown, textLike } from "../../ground/option-values.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { collectionOf, type MongoClientLike, prepare } from "./client.ts";
import { MongoStore } from "./store.ts";

export type { MongoClientLike, MongoCollection, MongoDatabase, MongoFindOptions, MongoSession } from "./client.ts";

/** How a MongoDB store is set up. */
export interface MongoOptions {
  /** The database. Default: the one that the client's address names, as in `mongodb://host/shop`. */
  database?: string;
  /** The collection, for sessions alone. Default `"web_sessions"`. */
  collection?: string;
  /** How long to wait for an answer, in seconds. A call that takes longer fails with the reason `TIMEOUT`. Default 5. */
  timeout?: number;
  /**
   * True makes the two indexes at the first call, where they are not there yet. False for an account that may not, or where a migration makes
   * them: docs/mongodb.md has them. Default true.
   */
  createIndexes?: boolean;
}

/** Seconds. */
const LONGEST_TIMEOUT = 600;

const RULES: Record<keyof MongoOptions, Rule> = {
  database: textLike(/^[^/\\. "$\0]{1,63}$/, "the name of a database"),
  collection: textLike(/^(?!system\.)[^$\0]{1,120}$/, "the name of a collection"),
  timeout: [
    `a number of seconds, more than 0, and at most ${LONGEST_TIMEOUT}`,
    (value) => typeof value === "number" && value > 0 && value <= LONGEST_TIMEOUT,
  ],
  createIndexes: FLAG,
};
const KNOWN: ReadonlySet<string> = new Set(Object.keys(RULES));

/**
 * Makes a store in a MongoDB replica set, of 4.4 or later, or a server that speaks its language. A session is a document, and nearly every call one
 * command on it, so each happens wholly and alone; a login and a new id are a transaction. Which servers it was run on, and what follows for
 * others, is in docs/mongodb.md.
 *
 * Every call asks for the write concern `majority` and the primary, whatever the client is set to.
 *
 * @param client A `MongoClient` of the package `mongodb`, 6 or later, which is yours to close.
 * @throws OptionError for another client or a wrong option; and from the first call on where the server is no replica set.
 *
 * @example
 * ```ts
 * import { MongoClient } from "mongodb";
 * import { createSessions } from "web-session-store";
 * import { mongodb } from "web-session-store/stores/mongodb";
 *
 * const client = new MongoClient("mongodb://127.0.0.1:27017/shop?replicaSet=rs0", { serverSelectionTimeoutMS: 2000 });
 * const sessions = createSessions({ secrets, store: mongodb(client) });
 * ```
 */
export function mongodb(client: MongoClientLike, options: MongoOptions = {}): DefinedStore {
  checkGiven(options, "mongodb", "{ collection }");
  refuseUnknown(options, KNOWN);
  checkValues(options, RULES);
  const { database, collection: name = "web_sessions", timeout = 5, createIndexes = true } = options;
  const collection = collectionOf(client, database, name);
  const ready = once(() => prepare(client.db(database), collection, createIndexes));
  return defineStore<SessionStore>(new MongoStore({ client, collection, ready, timeout }));
}
