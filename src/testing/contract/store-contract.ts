/**
 * The store contract as cases without a test framework.
 *
 * @module
 */

import { OptionError } from "../../ground/errors.ts";
import type { BackedStore } from "../../manager/imported.ts";
import { lack, misunderstood } from "../../manager/store-option.ts";
import type { SessionStore } from "../../stored/contract.ts";
import type { CaseContext } from "../first-cause.ts";
import { basicCases } from "./basics.ts";
import { clockCases } from "./clocks.ts";
import { dataCases } from "./data.ts";
import { Footing } from "./footing.ts";
import { limitCases } from "./limits.ts";
import { markCases } from "./marks.ts";
import { moveCases } from "./moves.ts";
import { otherRecordCases } from "./other-records.ts";
import { ownTimeoutCases } from "./own-timeouts.ts";
import { patchCases } from "./patches.ts";
import { raceCases } from "./races.ts";
import { recordCases } from "./records.ts";
import { subjectCases } from "./subjects.ts";
import { takeCases } from "./takes.ts";
import { timeCases } from "./times.ts";
import { unreadCases } from "./unread.ts";

const NOT_A_FUNCTION =
  "Cannot run the store contract: pass a function that creates the store, as in storeContract(() => myStore())";

/** One case of the contract. */
export interface StoreCase {
  /** What the store does, as a sentence. */
  readonly name: string;
  /**
   * Resolves if the case passes, and rejects with an error that says what was expected. If something is
   * broken that several cases depend on, the first of them to run reports it. The others are skipped if
   * you pass the test's context, which runners hand to a test's function. Otherwise they fail in one line.
   */
  run(context?: CaseContext): Promise<void>;
}

/**
 * Returns the cases of the SessionStore contract, for any kind of store and any test runner.
 *
 * A store must keep the guarantees it declares. A store that is not atomic or not immediate runs every
 * case too, but only has to return valid results and not throw. The same goes for marks if it declares
 * `marks: false`. Ids and subjects are new in every case, so all cases can share one database.
 *
 * @param create Creates the store. Called once per case.
 * @throws OptionError if it is not a function
 *
 * @example
 * ```ts
 * import { storeContract } from "web-session-store/testing";
 * import { test } from "vitest";
 *
 * for (const { name, run } of storeContract(() => myStore())) test(name, run);
 * ```
 */
export function storeContract(create: () => SessionStore | Promise<SessionStore>): StoreCase[] {
  if (typeof create !== "function") throw new OptionError("ERR_OPTION", NOT_A_FUNCTION);
  const cases = [
    ...recordCases,
    ...timeCases,
    ...clockCases,
    ...ownTimeoutCases,
    ...dataCases,
    ...patchCases,
    ...unreadCases,
    ...moveCases,
    ...markCases,
    ...takeCases,
    ...otherRecordCases,
    ...subjectCases,
    ...limitCases,
    ...raceCases,
  ];
  const footing = new Footing(async () => storeOf(await create()));
  // Jest and others treat a declared parameter as a callback.
  return [
    ...basicCases.map((one) => ({ name: one.name, run: (...given: [CaseContext?]) => footing.runBasic(one, ...given) })),
    ...cases.map((one) => ({ name: one.name, run: (...given: [CaseContext?]) => footing.run(one, ...given) })),
  ];
}

/** Something that is not a store would otherwise fail each case in a different way. */
function storeOf(store: SessionStore): SessionStore {
  const problem = misunderstood(store) ?? lack(store as Partial<BackedStore>);
  if (problem !== undefined) throw new OptionError("ERR_OPTION", `Cannot test this store: ${problem}`);
  return store;
}
