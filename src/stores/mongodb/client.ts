/**
 * What the MongoDB store uses of the package `mongodb`, version 6 or later, and how it sets up a collection.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";

/** The methods used of a driver session, for transactions. */
export interface MongoSession {
  startTransaction(options?: object): void;
  commitTransaction(): Promise<unknown>;
  abortTransaction(): Promise<unknown>;
  endSession(): Promise<unknown>;
}

/** Options for changing or removing a document. */
export interface MongoFindOptions {
  includeResultMetadata: false;
  returnDocument?: "before" | "after";
  projection?: object;
  session?: MongoSession;
}

/** The methods used of a collection. */
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

/** The methods used of a database. */
export interface MongoDatabase {
  command(command: object): Promise<unknown>;
  collection(name: string, options?: object): MongoCollection;
}

/** A `MongoClient`. It connects by itself. The store never opens or closes it. */
export interface MongoClientLike {
  db(name?: string): MongoDatabase;
  startSession(): MongoSession;
}

/** Makes the driver return the document itself. Version 5 and earlier returned an envelope. */
export const BARE = { includeResultMetadata: false } as const;

/**
 * Set on every call, whatever the client is configured to. A write is acknowledged by a majority, so no
 * failover undoes it. A read goes to the primary with the read concern "local": with "majority", a new primary
 * briefly shows less than was acknowledged. https://www.mongodb.com/docs/manual/reference/read-concern-local/
 */
const CONCERNS = { writeConcern: { w: "majority" }, readConcern: { level: "local" }, readPreference: "primary" };

/** With raw documents, the store would find nothing in them. */
const READABLE = { raw: false, fieldsAsRaw: {} };

/** A transaction reads one snapshot, and fails if another changes the same documents. */
export const TRANSACTION: object = { ...CONCERNS, readConcern: { level: "snapshot" } };

/** How long MongoDB keeps expired documents, in seconds. Clocks may differ by less. */
const SWEEP_AFTER = 3600;

const INDEXES: { key: Record<string, 1>; name: string; expireAfterSeconds?: number; sparse?: true }[] = [
  { key: { end: 1 }, name: "end_1", expireAfterSeconds: SWEEP_AFTER },
  // Anonymous sessions have no subject and no index entry.
  { key: { subject: 1 }, name: "subject_1", sparse: true },
];

/** @throws OptionError if the client is not from the package `mongodb`. */
export function collectionOf(client: MongoClientLike, database: string | undefined, name: string): MongoCollection {
  if (typeof client?.db !== "function" || typeof client.startSession !== "function")
    throw new OptionError(
      "ERR_OPTION",
      'Cannot use this MongoDB client: pass a MongoClient of the package "mongodb" (6 or later)',
    );
  return client.db(database).collection(name, { ...CONCERNS, ...READABLE });
}

/**
 * Checks that the server supports transactions, and creates missing indexes.
 *
 * @throws OptionError for a server without transactions, or existing indexes with other options.
 */
export async function prepare(database: MongoDatabase, collection: MongoCollection, createIndexes: boolean): Promise<void> {
  const { setName, msg } = (await database.command({ hello: 1 })) as { setName?: unknown; msg?: unknown };
  if (setName === undefined && msg !== "isdbgrid") {
    const advice = "Start mongod with --replSet and run rs.initiate() once. One member is enough";
    throw new OptionError(
      "ERR_OPTION",
      `Cannot use this MongoDB server: it is not a replica set, so it has no transactions. ${advice}`,
    );
  }
  if (!createIndexes) return;
  await collection.createIndexes(INDEXES).catch((error: unknown) => {
    const { codeName } = (error ?? {}) as { codeName?: unknown };
    if (codeName !== "IndexOptionsConflict" && codeName !== "IndexKeySpecsConflict") throw error;
    const advice = "Drop end_1 and subject_1, or create them as docs/mongodb.md says and set createIndexes: false";
    throw new OptionError(
      "ERR_OPTION",
      `Cannot create the indexes of the session collection: they exist with other options. ${advice}`,
    );
  });
}
