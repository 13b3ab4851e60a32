/** MongoDB's drivers, and what else the tests on MongoDB need. */
import { installed } from "../support/installed.ts";

/** Gives a package of test/mongodb/package.json. */
export const packages: NodeJS.Require = await installed("test/mongodb");
