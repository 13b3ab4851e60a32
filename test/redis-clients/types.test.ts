/** The types of clients as they are published fit those of the Redis store. */
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import "./packages.ts";

it("compiles", () => {
  expect(execFileSync("npx", ["tsc", "-p", "test/redis-clients"], { encoding: "utf8" })).toBe("");
});
