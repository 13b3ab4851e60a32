/** Turns the memory of opened tokens off in every manager, as `rememberTokens: 0` does: the security tests run a second time so. */
import { vi } from "vitest";

vi.mock("../../src/ground/option-values.ts", async (original) => {
  const actual = await original<typeof import("../../src/ground/option-values.ts")>();
  const count: typeof actual.count = (name, value, ...limits) =>
    actual.count(name, name === "rememberTokens" ? 0 : value, ...limits);
  return { ...actual, count };
});
