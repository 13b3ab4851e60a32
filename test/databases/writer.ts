/** A process of an application, for tests, in the database that DATABASE_URL names. */
import pg from "pg";
import { libsql } from "../../src/stores/sql/libsql.ts";
import { mysql } from "../../src/stores/sql/mysql.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import { writeInParallel } from "../support/parallel-writer.ts";
import { packages } from "./packages.ts";

function storeAt(place: string) {
  if (place.startsWith("postgres:")) return postgres(new pg.Pool({ connectionString: place }), { timeout: 30 });
  if (place.startsWith("mysql:")) return mysql(packages("mysql2/promise").createPool({ uri: place }), { timeout: 30 });
  return libsql(packages("@libsql/client").createClient({ url: place, timeout: 5000 }), { timeout: 30 });
}

await writeInParallel(storeAt(process.env.DATABASE_URL ?? ""));
