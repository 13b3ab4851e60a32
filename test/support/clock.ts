/** The clock of the adapters' contract, for all other tests. */
export { Clock, DAY, HOUR, MINUTE } from "../../src/testing/adapter/clock.ts";
