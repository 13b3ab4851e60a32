/** The portable stories in workerd, where one can be run alone. `npm run test:runtimes` runs them everywhere. */
import { it } from "vitest";
import { stories } from "../portable/index.ts";

for (const { name, run } of stories) it(name, run);
