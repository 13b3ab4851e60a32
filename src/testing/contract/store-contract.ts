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

/** One case of the contract. */
export interface StoreCase {
  /** What the store does, as a sentence. */
  readonly name: string;
  /**
   * Passes by resolving; fails by rejecting with an error that says what was expected. What several cases fail of is told by the first of them
   * that runs. The others are skipped when they get their test's context, which runners hand to the function of a test; without it they fail in
   * one line.
   */
  run(context?: CaseContext): Promise<void>;
}

/**
 * The cases of the SessionStore contract, for a store of any kind and for any test runner.
 *
 * A store is held to the guarantees it declares. One that is not atomic or not immediate runs every case too, and is then
 * asked for what holds anyway: no exception, and answers that are legal. Likewise one with `marks: false`, where marks are
 * concerned. Ids and subjects are new in every case, so all of them may use one database.
 *
 * @param create Makes the store for one case; called once for each.
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
  const cases = [
    ...recordCases,
    ...timeCases,
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
  // Jest and others take a function that has a parameter for one that calls back.
  return [
    ...basicCases.map((one) => ({ name: one.name, run: (...given: [CaseContext?]) => footing.runBasic(one, ...given) })),
    ...cases.map((one) => ({ name: one.name, run: (...given: [CaseContext?]) => footing.run(one, ...given) })),
  ];
}

/** What is no store would fail at every case in another way. */
function storeOf(store: SessionStore): SessionStore {
  const problem = misunderstood(store) ?? lack(store as Partial<BackedStore>);
  if (problem !== undefined) throw new OptionError("ERR_OPTION", `Cannot try this store: ${problem}`);
  return store;
}
