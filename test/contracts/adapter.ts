/** The contract that every adapter is held to, as tests of Vitest. */
import { it } from "vitest";
import { adapterContract, type MakeApp } from "../../src/testing/index.ts";

/** Runs its cases. */
export function holdToContract(name: string, makeApp: MakeApp): void {
  for (const one of adapterContract(makeApp)) it(`${name}: ${one.name}`, one.run);
}
