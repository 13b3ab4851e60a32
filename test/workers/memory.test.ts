/** The store contract on memory(), inside workerd. */
import { expect, it } from "vitest";
import { memory } from "../../src/stores/memory.ts";
import { storeContract } from "../../src/testing.ts";

for (const { name, run } of storeContract(() => memory()))
  it(`memory() in workerd ${name}`, () => expect(run()).resolves.toBeUndefined());
