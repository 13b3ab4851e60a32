/** Clients of Redis and Valkey as they are published. */
import { installed } from "../support/installed.ts";

/** Gives a package of test/redis-clients/package.json. */
export const packages: NodeJS.Require = await installed("test/redis-clients");
