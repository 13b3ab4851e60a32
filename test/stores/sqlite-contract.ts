/** The store contract on sqlite() in the runtime that runs this file: by a path, by a URI, or on a module's own database. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { runContract } from "../support/contract-run.ts";

const [source = "path"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sqlite-contract-"));

async function create() {
  if (source === "path") return sqlite(":memory:");
  if (source === "uri") return sqlite(`file:${folder}/sessions.db?cache=private`);
  const { Database } = await import(source);
  return sqlite(new Database(":memory:"));
}

await runContract(create);
rmSync(folder, { recursive: true });
