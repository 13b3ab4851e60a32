/**
 * A process of an application, for tests: 50 requests of one visitor at the same time, in the database that DATABASE_URL names. Each sets a key of
 * its own and adds one to a count. Starts when it is told "go".
 */
import pg from "pg";
import { ConflictError, createSessions } from "../../src/index.ts";
import { libsql } from "../../src/stores/sql/libsql.ts";
import { mysql } from "../../src/stores/sql/mysql.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import { SECRET } from "../support/secrets.ts";
import { packages } from "./packages.ts";

const { DATABASE_URL: url = "", COOKIE = "", NAME = "" } = process.env;

function storeAt(place: string) {
  if (place.startsWith("postgres:")) return postgres(new pg.Pool({ connectionString: place }), { timeout: 30 });
  if (place.startsWith("mysql:")) return mysql(packages("mysql2/promise").createPool({ uri: place }), { timeout: 30 });
  return libsql(packages("@libsql/client").createClient({ url: place, timeout: 5000 }), { timeout: 30 });
}

const sessions = createSessions<Record<string, number>>({ secrets: SECRET, store: storeAt(url) });

const serve = sessions.handler(async (request, session) => {
  session.data[new URL(request.url).searchParams.get("key") ?? ""] = 1;
  const add = () => session.update((data) => (data.count = (data.count ?? 0) + 1));
  for (;;) {
    try {
      return new Response(String(await add()));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
});

process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
const ask = (index: number) => new Request(`https://app.example.com/?key=${NAME}${index}`, { headers: { Cookie: COOKIE } });
await Promise.all(Array.from({ length: 50 }, (_none, index) => serve(ask(index))));
process.exit(0);
