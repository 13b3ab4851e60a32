/** storeContract() for what is no store: it is told once what that lacks, and not at every case in another way. */
import { expect, it } from "vitest";
import { memory } from "../../../src/stores/memory/index.ts";
import { storeContract } from "../../../src/testing/index.ts";

/** The messages of all cases. */
async function messagesOf(make: () => unknown): Promise<unknown[]> {
  const cases = storeContract(make as never);
  const messages: unknown[] = [];
  for (const { run } of cases)
    messages.push(
      await run().then(
        () => "passed",
        (error) => error.message,
      ),
    );
  return messages;
}

it.each<[string, unknown, string]>([
  [
    "three methods",
    { load: async () => null, save: async () => {}, remove: async () => {} },
    "use plain(store) of web-session-store/stores/plain",
  ],
  ["a class", class Rows {}, "it is a class; make an instance: new Rows()"],
  [
    "what lacks methods",
    { load: () => null, guarantees: {} },
    "it lacks the method create, update, replace, touch, remove, take",
  ],
  ["nothing", undefined, "it is not an object; use what sqlite(path) or redis(client) makes"],
])("%s", async (_what, store, message) => {
  const [first, ...others] = await messagesOf(() => store);
  expect(first).toBe(`Cannot test this store: ${message}`);
  expect(others.length).toBeGreaterThan(50);
  expect(new Set(others)).toEqual(new Set(["Not run: there is no store to test"]));
});

it.each<[string, unknown]>([
  ["a store", memory()],
  ["nothing", undefined],
])("refuses %s at once, where it takes a function", (_what, given) => {
  expect(() => storeContract(given as never)).toThrow(
    "Cannot run the store contract: pass a function that creates the store, as in storeContract(() => myStore())",
  );
});
