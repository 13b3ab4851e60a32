/** The store contract on sqlite() in the runtime that runs this file: by a path, by a URI, or on a module's own database. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";

const [source = "path"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sqlite-contract-"));

async function create() {
  if (source === "path") return sqlite(":memory:");
  if (source === "uri") return sqlite(`file:${folder}/sessions.db?cache=private`);
  const { Database } = await import(source);
  return sqlite(new Database(":memory:"));
}

const cases = storeContract(create);
let failures = 0;
for (const { name, run } of cases) {
  await run().catch((error: unknown) => {
    failures++;
    console.log(`${name}: ${error}`);
  });
}
console.log(`${cases.length} cases, ${failures} failures`);
rmSync(folder, { recursive: true });
