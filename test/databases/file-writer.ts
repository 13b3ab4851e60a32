/** A process that writes to a session again and again, and says of each change that it was acknowledged. For tests that kill it. */
import { libsql } from "../../src/stores/sql/libsql.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import { packages } from "./packages.ts";

const [kind = "", place = "", id = ""] = process.argv.slice(2);
const store =
  kind === "libsql"
    ? libsql(packages("@libsql/client").createClient({ url: `file:${place}` }))
    : postgres(await packages("@electric-sql/pglite").PGlite.create(place));
const now = Math.floor(Date.now() / 1000);
const expiresAt = now + 3600;

await store.create({ id }, { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt });
for (let count = 1; ; count++) {
  await store.update({ id }, { set: [["count", String(count)]], unset: [] }, { now, expiresAt });
  process.stdout.write(`${count}\n`);
}
