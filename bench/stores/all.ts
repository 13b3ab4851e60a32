/**
 * The databases that are measured. To add one, add an entry here and a file in this folder.
 *
 * @module
 */
import type { Database } from "./database.ts";
import { mariadbDatabase } from "./mariadb.ts";
import { postgresDatabase } from "./postgres.ts";
import { redisDatabase } from "./redis.ts";
import { sqliteDatabase } from "./sqlite.ts";

// biome-ignore lint/suspicious/noExplicitAny: what leads to a database is its own affair.
export const DATABASES: readonly Database<any>[] = [redisDatabase, postgresDatabase, mariadbDatabase, sqliteDatabase];
