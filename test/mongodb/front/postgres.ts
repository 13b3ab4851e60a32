/**
 * DocumentDB in PostgreSQL: a command of MongoDB is a function there, which takes and gives BSON.
 *
 * @module
 */
import { BSON } from "mongodb";
import { packages } from "../packages.ts";
import type { Document } from "./wire.ts";

/** What runs statements: a connection, or a pool of them. */
export interface Queries {
  query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** One connection, which a transaction or a cursor has to itself. */
export interface Connection extends Queries {
  /** Back to the pool; with an error, it is closed. */
  release(error?: Error | boolean): void;
}

/** Connections to one server. */
export interface Pool extends Queries {
  connect(): Promise<Connection>;
  end(): Promise<void>;
  on(event: "error", listener: () => void): void;
}

/** Connects when it is first asked. */
export function poolOf(port: number): Pool {
  const { Pool } = packages("pg") as { Pool: new (options: object) => Pool };
  const pool = new Pool({
    host: "127.0.0.1",
    port,
    user: "postgres",
    database: "postgres",
    max: 80,
    connectionTimeoutMillis: 10_000,
  });
  // A connection that is lost while nobody uses it is no news: the next command makes another one.
  pool.on("error", () => {});
  return pool;
}

/** A document as PostgreSQL takes it. */
export function toBson(document: Document): string {
  return `BSONHEX${Buffer.from(BSON.serialize(document)).toString("hex")}`;
}

/** A document as PostgreSQL gives it. */
export function fromBson(text: unknown): Document {
  const bytes = Buffer.from(String(text).slice("BSONHEX".length), "hex");
  return BSON.deserialize(bytes, { promoteValues: false, promoteLongs: false, promoteBuffers: false });
}
