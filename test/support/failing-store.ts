/** The failing store of the adapters' contract, for all other tests. */
export { type FailingSessions, failingStore } from "../../src/testing/adapter/failing-store.ts";
