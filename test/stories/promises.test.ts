/** The promises of the README, one test or more for each, under its name. Every runtime runs them: see test/portable/. */
import { it } from "vitest";
import { promises } from "../portable/promises.ts";

for (const { name, run } of promises) it(name, run);
