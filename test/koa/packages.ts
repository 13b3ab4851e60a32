/** Koa's ecosystem as it is published. */
import { installed } from "../support/installed.ts";

/** Gives a package of test/koa/package.json. */
export const packages: NodeJS.Require = await installed("test/koa");
