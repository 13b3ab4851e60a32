/** storeContract(): what a case says that fails, and that one cause is told once. */
import { expect, it } from "vitest";
import type { SessionRecord } from "../../../src/session/record.ts";
import type { SessionStore } from "../../../src/stored/contract.ts";
import { type StoreCase, storeContract } from "../../../src/testing/index.ts";
import { altered, type Change, recordAt } from "../../stores/altered.ts";

interface Outcome {
  /** What the cases fail with, by their names. */
  readonly failed: Record<string, string>;
  /** Why cases were skipped. */
  readonly skipped: Set<string>;
  readonly passed: number;
}

/** Runs the cases as vitest and node:test do, which let a test skip itself. */
async function outcomeOf(cases: StoreCase[]): Promise<Outcome> {
  const failed: Record<string, string> = {};
  const skipped: string[] = [];
  for (const { name, run } of cases) {
    await run({ skip: (why) => skipped.push(why) }).catch((error: Error) => (failed[name] = error.message));
  }
  return { failed, skipped: new Set(skipped), passed: cases.length - skipped.length - Object.keys(failed).length };
}

const contractOf = (change: Change) => storeContract(() => altered(change));

/** A store whose records come back changed. */
const loading =
  (how: (record: SessionRecord) => unknown): Change =>
  (whole) => ({
    async load(key, { now }) {
      const record = await recordAt(whole, key, now);
      return record === null ? whole.load(key, { now }) : (how(record) as SessionRecord);
    },
  });

const LOADS = "load: returns the record that create stored, and null if there is none";

it.each<[string, Change, teller: string, message: RegExp]>([
  [
    "load finds nothing",
    () => ({ load: async () => null }),
    LOADS,
    /^load: the record that create stored is missing\. .+ \(after create\(key1\), load\(key1\)\)$/,
  ],
  ["create keeps nothing", () => ({ create: async () => {} }), LOADS, /^load: the record that create stored is missing/],
  [
    "load throws",
    () => ({ load: () => Promise.reject(new Error("no such table")) }),
    LOADS,
    /^no such table \(after create\(key1\), load\(key1\)\)$/,
  ],
  [
    "data comes back parsed",
    loading((record) => ({ ...record, data: JSON.parse(record.data) })),
    LOADS,
    /JSON text of an object, but received \{"a":1\}/,
  ],
  [
    "instants are milliseconds",
    loading((record) => ({ ...record, seenAt: record.seenAt * 1000 })),
    LOADS,
    /^These fields differ in the record:\n {2}seenAt: expected (\d+), received \1(?:000)\n {2}\(after create\(key1\), load\(key1\)\)$/,
  ],
  [
    "update answers nothing",
    (whole) => ({ update: async (...given) => void (await whole.update(...given)) as never }),
    "update: changes a record, and returns gone if there is none",
    /^Expected \{ ok: true, version \} or \{ ok: false, why \}, but received undefined/,
  ],
  [
    "replace is not written yet",
    () => ({ replace: () => Promise.reject(new Error("not yet")) }),
    "replace: moves a session to a new key, leaves a mark, and returns gone if there is none",
    /^not yet \(after create\(key1\), load\(key1\), replace\(key1, key2\)\)$/,
  ],
])("says it once where %s", async (_what, change, teller, message) => {
  const { failed, skipped } = await outcomeOf(contractOf(change));
  const { [teller]: told, ...others } = failed;
  expect(told).toMatch(message);
  // Where nothing is created, nothing can be overwritten, either.
  expect(Object.keys(others).filter((name) => !name.startsWith("create does not overwrite"))).toEqual([]);
  expect(skipped).toEqual(new Set([`Not run: ${teller.replace(/:.*/, "")} fails`]));
});

it("tries all that does not call what does not work", async () => {
  const { passed } = await outcomeOf(contractOf(() => ({ replace: () => Promise.reject(new Error("not yet")) })));
  expect(passed).toBeGreaterThan(100);
});

it("lets a case fail that is the only one to run, and each time that it is run", async () => {
  const { run } = contractOf(() => ({ load: async () => null })).at(-1) as StoreCase;
  for (const context of [undefined, { skip: () => {} }]) await expect(run(context)).rejects.toThrow("is missing");
});

it("fails in one line what a runner cannot skip", async () => {
  const [first, second, third] = contractOf(() => ({ create: () => Promise.reject(new Error("no such table")) })) as [
    StoreCase,
    StoreCase,
    StoreCase,
  ];
  await expect(first.run()).rejects.toThrow("no such table (after create(key1))");
  for (const { run } of [second, third]) {
    const error = await run().catch((thrown: Error) => thrown);
    // Jest, Vitest and node:test print the stack, with a part of the source.
    expect((error as Error).stack).toBe("Error: Not run: create fails");
  }
});

it("gives runners functions without parameters, which some take for callbacks", () => {
  expect(new Set(contractOf(() => ({})).map(({ run }) => run.length))).toEqual(new Set([0]));
});

it("names fields of the data, the first six, and of long texts the part that differs", async () => {
  const long = (end: string) => `${"x".repeat(500)}${end}`;
  const update: SessionStore["update"] = async () => ({ ok: true, version: 2 });
  const { failed } = await outcomeOf(
    contractOf((whole) => ({
      update: async (key, patch, options) => {
        const isEmpty = patch.set.length === 0;
        return isEmpty
          ? update(key, patch, options)
          : whole.update(
              key,
              { ...patch, set: patch.set.map(([name, json]) => [name, json.length > 400 ? JSON.stringify(long("?")) : json]) },
              options,
            );
      },
    })),
  );
  expect(failed["update adds one to the version and sets seenAt, even if no key changes"]).toMatch(
    /differ in the record:\n {2}version: expected 2, received 1\n {2}seenAt: expected \d+, received \d+\n {2}expiresAt: .+\n {2}\(after create\(key1\), update\(key1\), load\(key1\)\)$/,
  );
  expect(failed["a value comes back as it was: 50 KB of text"]).toMatch(
    /\n {2}data\.patched: expected ("|\.\.\.).{100,150}\.\.\., received .+\n/,
  );
});
