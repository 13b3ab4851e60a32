/** The types of the drivers as they are published fit those that the store asks for. */
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import "./packages.ts";

it("takes a MongoClient of driver 7 and of driver 6, and no database", () => {
  const check = () =>
    execFileSync("node", ["node_modules/typescript/bin/tsc", "-p", "test/mongodb"], { encoding: "utf8", stdio: "pipe" });
  expect(check).not.toThrow();
});
