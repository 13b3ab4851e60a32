/** The browser of the adapters' contract, for all other tests. */
export { Browser, type Serve } from "../../src/testing/adapter/browser.ts";
