/** The failing store of the adapters' contract, for all other tests. */
export { failingStore, type FailingSessions } from "../../src/testing/adapter/failing-store.ts";
