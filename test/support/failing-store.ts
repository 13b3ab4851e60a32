/** The failing store of the adapters' contract, for all other tests. */
export { FailingStore, LEAK } from "../../src/testing/adapter/failing-store.ts";
