/** The store contract on denoKv() in the runtime that runs this file; it is told the database. */
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { openKv } from "./runtime.ts";

const [path = ""] = process.argv.slice(2);
const kv = await openKv(path);
const cases = storeContract(() => denoKv(kv));
let failures = 0;
for (const { name, run } of cases) {
  await run().catch((error: unknown) => {
    failures++;
    console.log(`${name}: ${error}`);
  });
}
console.log(`${cases.length} cases, ${failures} failures`);
kv.close();
