/**
 * What the MongoDB store uses of the package `mongodb`, version 6 or later.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** What the store uses of a session of the driver: the transaction in it. */
export interface MongoSession {
  startTransaction(options?: object): void;
  commitTransaction(): Promise<unknown>;
  abortTransaction(): Promise<unknown>;
  endSession(): Promise<unknown>;
}

/** How the store asks for a document that it changes or removes. */
export interface MongoFindOptions {
  includeResultMetadata: false;
  returnDocument?: "before" | "after";
  projection?: object;
  session?: MongoSession;
}

/** What the store uses of a collection. */
export interface MongoCollection {
  createIndexes(indexes: { key: Record<string, 1>; name: string }[]): Promise<unknown>;
  findOne(filter: object, options?: { projection?: object }): Promise<unknown>;
  find(filter: object, options?: { projection?: object; session?: MongoSession }): { toArray(): Promise<unknown[]> };
  insertOne(document: object, options?: { session?: MongoSession }): Promise<unknown>;
  updateOne(filter: object, update: object, options?: { upsert?: boolean; session?: MongoSession }): Promise<unknown>;
  deleteOne(filter: object): Promise<unknown>;
  deleteMany(filter: object, options?: { session?: MongoSession }): Promise<{ deletedCount: number }>;
  findOneAndUpdate(filter: object, update: object, options: MongoFindOptions): Promise<unknown>;
  findOneAndDelete(filter: object, options: MongoFindOptions): Promise<unknown>;
}

/** What the store uses of a database. */
export interface MongoDatabase {
  command(command: object): Promise<unknown>;
  collection(name: string, options?: object): MongoCollection;
}

/** A `MongoClient`. It connects by itself; the store never opens or closes it. */
export interface MongoClientLike {
  db(name?: string): MongoDatabase;
  startSession(): MongoSession;
}

/** How the driver is asked to give the document itself. Version 5 and earlier gave an envelope. */
export const BARE = { includeResultMetadata: false } as const;

/**
 * What each call asks for, whatever the client is set to. A write is answered when a majority of the members has it, so that no failover takes it
 * back. A read goes to the primary and sees all that it has: with the read concern "majority" a new primary shows for a moment less than was
 * answered. https://www.mongodb.com/docs/manual/reference/read-concern-local/
 */
const CONCERNS = { writeConcern: { w: "majority" }, readConcern: { level: "local" }, readPreference: "primary" };

/** And documents come as documents: from bytes, the store would read that there is nothing. */
const READABLE = { raw: false, fieldsAsRaw: {} };

/** A transaction works on one state of the data, and fails if another one changes what it changes. */
export const TRANSACTION: object = { ...CONCERNS, readConcern: { level: "snapshot" } };

/** For how long MongoDB keeps what is over. Clocks that differ by less do no harm. Seconds. */
const SWEEP_AFTER = 3600;

const INDEXES: { key: Record<string, 1>; name: string; expireAfterSeconds?: number; sparse?: true }[] = [
  { key: { end: 1 }, name: "end_1", expireAfterSeconds: SWEEP_AFTER },
  // Visitors have no subject, and no entry.
  { key: { subject: 1 }, name: "subject_1", sparse: true },
];

/** @throws OptionError for what is no client of the package `mongodb`. */
export function collectionOf(client: MongoClientLike, database: string | undefined, name: string): MongoCollection {
  if (typeof client?.db !== "function" || typeof client.startSession !== "function")
    throw new OptionError(
      "ERR_OPTION",
      'Cannot use this MongoDB client: pass a MongoClient of the package "mongodb" (6 or later)',
    );
  return client.db(database).collection(name, { ...CONCERNS, ...READABLE });
}

/**
 * Looks whether the server can keep the store's promises, and makes the indexes that are not there.
 *
 * @throws OptionError for a server that knows no transactions, and for indexes that are there with other options.
 */
export async function prepare(database: MongoDatabase, collection: MongoCollection, createIndexes: boolean): Promise<void> {
  const { setName, msg } = (await database.command({ hello: 1 })) as { setName?: unknown; msg?: unknown };
  if (setName === undefined && msg !== "isdbgrid") {
    const advice = "start mongod with --replSet and run rs.initiate() once; a set of one member will do";
    throw new OptionError(
      "ERR_OPTION",
      `Cannot use this MongoDB server: it is no replica set, and so knows no transactions; ${advice}`,
    );
  }
  if (!createIndexes) return;
  await collection.createIndexes(INDEXES).catch((error: unknown) => {
    const { codeName } = (error ?? {}) as { codeName?: unknown };
    if (codeName !== "IndexOptionsConflict" && codeName !== "IndexKeySpecsConflict") throw error;
    const advice = "drop end_1 and subject_1, or make them yourself as docs/mongodb.md says, and set createIndexes: false";
    throw new OptionError(
      "ERR_OPTION",
      `Cannot make the indexes of the session collection: they are there with other options; ${advice}`,
    );
  });
}
