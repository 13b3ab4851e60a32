/** Patches in SQL do what patches do: any data, any keys, and any patch, by json_patch and by applyPatch. */
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseData } from "../../src/ground/json.ts";
import { applyPatch, type Patch } from "../../src/session/patch.ts";
import { dataColumn, patchColumn, recordFromRow, type SessionRow, safeText } from "../../src/stores/sql/rows.ts";

// Every UTF-16 code unit alone too, and so what UTF-8 cannot say.
const text = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 8 }),
  fc.constantFrom("__proto__", "", "a", "b", "%", "%0025", "$.a", '"', "\\", "\ud800", "\u0000", "\ufeff", "constructor"),
);
// V8's JSON.parse may read a key of one character that JSON escapes as a backslash (https://github.com/nodejs/node/issues/63785).
// Columns have no such keys, but this test and the core read data with it.
const key = text.filter((one) => one.length !== 1 || JSON.stringify(one).length === 3);
const plain = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null));
const json = fc
  .oneof(plain, fc.array(plain), fc.dictionary(key, fc.oneof(plain, fc.array(fc.dictionary(key, plain)))))
  .map((value) => JSON.stringify(value));
const data = fc.array(fc.tuple(key, json)).map((pairs) => applyPatch("{}", { set: pairs, unset: [] }));
const patch = fc.record<Patch>({ set: fc.array(fc.tuple(key, json)), unset: fc.array(key) });

const empty = { id: "", subject: null, version: 1, started_at: 0, seen_at: 0, expires_at: 1, moved_at: null, moved_to: null };
const read = (column: string) => parseData(recordFromRow({ ...empty, meta: null, data: column } as SessionRow).data);

it("data comes back from its column, through a database, as it was", () => {
  const echo = new DatabaseSync(":memory:").prepare("SELECT ? AS text");
  fc.assert(
    fc.property(data, (before) => {
      const { text: column } = echo.get(dataColumn(before)) as { text: string };
      expect(read(column)).toEqual(parseData(before));
    }),
  );
});

it("json_patch on columns does what applyPatch does on data", () => {
  const change = new DatabaseSync(":memory:").prepare("SELECT json_patch(?, ?) AS text");
  fc.assert(
    fc.property(data, patch, (before, next) => {
      const { text: column } = change.get(dataColumn(before), patchColumn(next)) as { text: string };
      expect(read(column)).toEqual(parseData(applyPatch(before, next)));
    }),
    { numRuns: 500 },
  );
});

it("texts that differ differ in a database, and only those", () => {
  const equal = new DatabaseSync(":memory:").prepare("SELECT ? = ? AS equal");
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(equal.get(safeText(one), safeText(other))).toEqual({ equal: one === other ? 1 : 0 });
      expect(safeText(one)).toBe(new TextDecoder().decode(new TextEncoder().encode(safeText(one))));
    }),
    { numRuns: 500 },
  );
});
