/** Koa's ecosystem as it is published. */
import { packagesOf } from "../support/installed-packages.ts";

/** Gives a package of test/koa/package.json. */
export const packages: NodeJS.Require = await packagesOf("test/koa");
