/**
 * A store in MongoDB, for sessions that several processes share and that survive a restart.
 *
 * @module
 */

import { TIMEOUT } from "../../ground/in-time.ts";
import { once } from "../../ground/maybe-promise.ts";
import { checkGiven, checkValues, FLAG, type Rule, refuseUnknown, textLike } from "../../ground/option-values.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { type DefinedStore, defineStore } from "../../stored/define.ts";
import { collectionOf, type MongoClientLike, prepare } from "./client.ts";
import { MongoStore } from "./store.ts";

export type { MongoClientLike, MongoCollection, MongoDatabase, MongoFindOptions, MongoSession } from "./client.ts";

/** Options of the MongoDB store. */
export interface MongoOptions {
  /** The database. Default: the one in the client's address, as in `mongodb://host/shop`. */
  database?: string;
  /** The collection, for sessions only. Default: `"web_sessions"`. */
  collection?: string;
  /** How long a call may take, in seconds, at most 600. After that it fails with the reason `TIMEOUT`. Default: 5. */
  timeout?: number;
  /**
   * Whether the first call creates the two indexes if they are missing. Set it to false if the
   * account may not create indexes, or a migration does: docs/mongodb.md lists them. Default: true.
   */
  createIndexes?: boolean;
}

const RULES: Record<keyof MongoOptions, Rule> = {
  database: textLike(/^[^/\\. "$\0]{1,63}$/, "the name of a database"),
  collection: textLike(/^(?!system\.)[^$\0]{1,120}$/, "the name of a collection"),
  timeout: TIMEOUT,
  createIndexes: FLAG,
};
const KNOWN: ReadonlySet<string> = new Set(Object.keys(RULES));

/**
 * Creates a store in a MongoDB replica set, 4.4 or later, or a compatible server. A session
 * is a document. Every call is atomic: nearly all are one command, and a login or a new id is
 * a transaction. docs/mongodb.md lists the tested servers, and what that means for others.
 *
 * Every call uses the write concern `majority` and the primary, whatever the client is configured to.
 *
 * @param client A `MongoClient` of the package `mongodb`, 6 or later. You close it.
 * @throws OptionError for an unsupported client or an invalid option,
 * and from the first call on if the server is not a replica set.
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
