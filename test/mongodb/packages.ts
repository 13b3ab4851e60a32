/** MongoDB's drivers and what else the tests on MongoDB need. */
import { packagesOf } from "../support/installed-packages.ts";

/** Gives a package of test/mongodb/package.json. */
export const packages: NodeJS.Require = await packagesOf("test/mongodb");
