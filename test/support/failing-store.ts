/** The failing store of the adapters' contract, for all other tests. */
export { FailingStore } from "../../src/testing/adapter/failing-store.ts";
