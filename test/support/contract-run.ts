/** The store contract in the runtime that runs this, without a test framework: prints the cases that fail, and how many there were. */
import type { SessionStore } from "../../src/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";

/** Runs all cases, one after the other. */
export async function runContract(create: () => SessionStore | Promise<SessionStore>): Promise<void> {
  const cases = storeContract(create);
  let failures = 0;
  for (const { name, run } of cases) {
    await run().catch((error: unknown) => {
      failures++;
      console.log(`${name}: ${error}`);
    });
  }
  console.log(`${cases.length} cases, ${failures} failures`);
}
