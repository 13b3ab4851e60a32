/** Session data as JSON: what may be in it, what is refused and how, and how it is read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../../src/ground/errors.ts";
import { type JsonObject, parseData, stringifyData } from "../../../src/ground/json.ts";

/** What no error message may show. */
const VALUE = "hunter2";
const LIMIT = 64 * 1024;

function data(properties: Record<PropertyKey, unknown>): JsonObject {
  return Object.assign(Object.create(null), properties);
}

function errorOf(value: JsonObject): DataError {
  try {
    stringifyData(value);
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
  throw new Error("Expected a DataError, but the data was accepted");
}

/** `levels` objects or arrays in each other, the outermost of which is the data. */
function nested(levels: number, wrap: (inner: unknown) => unknown): JsonObject {
  let inner: unknown = wrap(1);
  for (let level = 2; level < levels; level++) inner = wrap(inner);
  return data({ inner });
}

class Account {
  readonly password = VALUE;
}

class ListOfNames extends Array<string> {}

function holed(): unknown[] {
  const items: unknown[] = [1, 2, 3];
  delete items[1];
  return items;
}

function cycle(): unknown {
  const first: Record<string, unknown> = { password: VALUE };
  first.child = { parent: first };
  return first;
}

describe("stringifyData refuses what JSON cannot carry, and says where it is", () => {
  it.each<[string, unknown, string, string]>([
    ["a Date", new Date(0), "data.value", "a Date object"],
    ["an invalid Date", new Date(Number.NaN), "data.value", "a Date object"],
    ["a Map", new Map([["password", VALUE]]), "data.value", "a Map object"],
    ["a Set", new Set([VALUE]), "data.value", "a Set object"],
    ["a class's object", new Account(), "data.value", "a Account object"],
    [
      "a class's object with a constructor of its own",
      Object.assign(new Account(), { constructor: { name: VALUE } }),
      "data.value",
      "object",
    ],
    ["an object with a prototype of its own", Object.create({ password: VALUE }), "data.value", "object"],
    ["an Error", new Error(VALUE), "data.value", "a Error object"],
    ["a RegExp", /hunter2/, "data.value", "a RegExp object"],
    ["bytes", new TextEncoder().encode(VALUE), "data.value", "a Uint8Array object"],
    ["a boxed text", new String(VALUE), "data.value", "a String object"],
    ["a promise", Promise.resolve(VALUE), "data.value", "a Promise object"],
    ["a function", () => VALUE, "data.value", "a function"],
    ["a symbol", Symbol(VALUE), "data.value", "a symbol"],
    ["a symbol key", { [Symbol(VALUE)]: VALUE }, "data.value", "a symbol key"],
    ["a BigInt", 123456789n, "data.value", "a bigint"],
    ["NaN", Number.NaN, "data.value", "NaN"],
    ["Infinity", Number.POSITIVE_INFINITY, "data.value", "Infinity"],
    ["minus Infinity", Number.NEGATIVE_INFINITY, "data.value", "-Infinity"],
    ["a cycle", cycle(), "data.value.child.parent", "a reference to an object that holds it"],
    ["a hole in an array", holed(), "data.value[1]", "undefined"],
    ["undefined in an array", [VALUE, undefined], "data.value[1]", "undefined"],
    ["a toJSON method", { password: VALUE, toJSON: () => VALUE }, "data.value.toJSON", "a function"],
    ["a hidden toJSON method", Object.defineProperty({}, "toJSON", { value: () => VALUE }), "data.value.toJSON", "a function"],
    ["a toJSON method of an array", Object.assign([VALUE], { toJSON: () => VALUE }), "data.value", ""],
    ["an array's subclass", ListOfNames.of(VALUE), "data.value", ""],
    ["a symbol key of an array", Object.assign([VALUE], { [Symbol(VALUE)]: VALUE }), "data.value", ""],
    ["a named property of an array", Object.assign([VALUE], { total: VALUE }), "data.value", ""],
  ])("%s", (_what, value, place, reason) => {
    const error = errorOf(data({ before: VALUE, value }));
    expect(error.code).toBe("ERR_DATA_NOT_JSON");
    expect(error.message).toContain(place);
    expect(error.message).toContain(reason);
    expect(error.message).not.toMatch(/hunter2|123456789/);
    expect(error.cause).toBeUndefined();
  });

  it("in the data itself", () => {
    const own = data({ name: VALUE });
    own.self = own;
    expect(errorOf(own).message).toContain("data.self");
    expect(errorOf(data({ toJSON: () => VALUE })).message).toContain("data.toJSON");
    expect(errorOf(data({ [Symbol(VALUE)]: 1 })).message).toContain("a symbol key");
  });

  it("deep inside", () => {
    expect(errorOf(data({ a: [{}, { b: { c: [0, 1, new Date(0)] } }] })).message).toContain("data.a[1].b.c[2] ");
  });

  it("by the first place there is", () => {
    expect(errorOf(data({ fine: 1, first: Number.NaN, second: new Date(0) })).message).toContain("data.first ");
  });

  it("without showing a very long path whole", () => {
    expect(errorOf(data({ ["k".repeat(10_000)]: Number.NaN })).message.length).toBeLessThan(400);
  });
});

describe("stringifyData writes what JSON can carry", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["nothing", {}, "{}"],
    [
      "values of every kind",
      { a: null, b: true, c: -1.5, d: "x", e: [], f: {} },
      '{"a":null,"b":true,"c":-1.5,"d":"x","e":[],"f":{}}',
    ],
    ["objects with and without a prototype", { a: { b: 1 }, c: data({ d: 2 }) }, '{"a":{"b":1},"c":{"d":2}}'],
    ["no property that is undefined", { a: undefined, b: { c: undefined, d: 1 } }, '{"b":{"d":1}}'],
    ["a toJSON that is only a word", { toJSON: "word", a: { toJSON: null } }, '{"toJSON":"word","a":{"toJSON":null}}'],
    ["a lone surrogate as an escape", { a: "\ud800" }, '{"a":"\\ud800"}'],
    ["keys of any name", { "": 1, "a.b": 2, constructor: 3 }, '{"":1,"a.b":2,"constructor":3}'],
  ])("%s", (_what, value, expected) => {
    expect(stringifyData(data(value))).toBe(expected);
  });

  it("__proto__ as a key", () => {
    const value = parseData('{"__proto__":{"a":1}}') as JsonObject;
    expect(stringifyData(value)).toBe('{"__proto__":{"a":1}}');
  });

  it("one object in several places, as long as it does not hold itself", () => {
    const shared = { a: 1 };
    expect(stringifyData(data({ x: shared, y: [shared, shared] }))).toBe('{"x":{"a":1},"y":[{"a":1},{"a":1}]}');
  });
});

describe("the depth limit", () => {
  it.each([
    ["objects", (inner: unknown) => ({ inner })],
    ["arrays", (inner: unknown) => [inner]],
  ])("100 levels of %s are kept, 101 are refused", (_what, wrap) => {
    expect(stringifyData(nested(100, wrap))).toContain("1");
    const error = errorOf(nested(101, wrap));
    expect(error.code).toBe("ERR_DATA_NOT_JSON");
    expect(error.message).toContain("more than 100 levels");
  });

  it("100,000 levels are refused like 101", () => {
    expect(errorOf(nested(100_000, (inner) => [inner])).message).toContain("more than 100 levels");
  });

  it("does not count what is side by side", () => {
    expect(stringifyData(data({ list: Array.from({ length: 1000 }, () => ({})) }))).toContain("{},{}");
  });
});

describe("the size limit", () => {
  const around = '{"a":""}'.length;

  it.each([
    ["characters of one byte", "x", 1],
    ["characters of two bytes", "é", 2],
    ["characters of three bytes", "地", 3],
    ["characters of four bytes", "🚀", 4],
    ["quotes, which take an escape", '"', 2],
    ["lone surrogates, which take an escape", "\ud800", 6],
  ])("is 65,536 bytes in UTF-8 for %s", (_what, character, bytes) => {
    const count = Math.floor((LIMIT - around) / bytes);
    const rest = LIMIT - around - count * bytes;
    const exact = character.repeat(count) + "x".repeat(rest);
    expect(new TextEncoder().encode(stringifyData(data({ a: exact }))).length).toBe(LIMIT);
    const error = errorOf(data({ a: `${exact}x` }));
    expect(error.code).toBe("ERR_DATA_TOO_LARGE");
    expect(error.message).toContain("65537 bytes");
    expect(error.message).not.toContain(character.repeat(3));
  });

  it("counts keys too", () => {
    expect(errorOf(data({ ["k".repeat(LIMIT)]: 1 })).code).toBe("ERR_DATA_TOO_LARGE");
  });
});

describe("parseData", () => {
  it.each([
    ...["", " ", "undefined", "nothing", "{", '{"a":1', '{"a":1}x', "{'a':1}", '{"a":1,}', "\ufeff{}", "NaN", "\u0000"],
    ...["null", "true", "0", "-1.5", '"text"', "[]", '[{"a":1}]'],
  ])("answers null for %j", (text) => {
    expect(parseData(text)).toBeNull();
  });

  it("reads an object without a prototype", () => {
    const found = parseData(' {"a":[1,{"b":null}],"":2} ') as JsonObject;
    expect(Object.getPrototypeOf(found)).toBeNull();
    expect(JSON.stringify(found)).toBe('{"a":[1,{"b":null}],"":2}');
    expect(found.toString).toBeUndefined();
  });

  it("takes the last of two equal keys, as JSON.parse does", () => {
    expect(JSON.stringify(parseData('{"a":1,"a":2}'))).toBe('{"a":2}');
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("keeps %s as data", (name) => {
    const found = parseData(`{"${name}":{"polluted":true}}`) as JsonObject;
    expect(Object.keys(found)).toEqual([name]);
    expect(JSON.stringify(found)).toBe(`{"${name}":{"polluted":true}}`);
    expect(Object.getPrototypeOf(found)).toBeNull();
    expect("polluted" in {}).toBe(false);
  });

  it.each([
    ["arrays", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
    ["arrays that do not end", `{"a":${"[".repeat(100_000)}`],
  ])("does not throw at 100,000 levels of %s", (_what, text) => {
    expect(() => parseData(text)).not.toThrow();
  });
});

describe("parseData and brackets", () => {
  const reads = (value: Record<string, unknown>) => parseData(stringifyData(data(value)));

  it.each<[string, string]>([
    ["in a text", "[".repeat(200)],
    ["behind an escaped quote", `"${"[{".repeat(100)}`],
    ["behind many of them", `\\"\\\\"${"[".repeat(200)}\\`],
    ["between two", `"${"[".repeat(200)}"`],
  ])("does not count those %s", (_where, text) => {
    expect(reads({ text, after: ["]", "{"] })).toEqual({ text, after: ["]", "{"] });
    expect(reads({ [text]: [1] })).toEqual({ [text]: [1] });
  });

  it("ends a text at its quote, also behind a backslash that is one itself", () => {
    const deep = `{"path":"C:\\\\","list":${"[".repeat(150)}${"]".repeat(150)}}`;
    expect(JSON.parse(deep).path).toBe("C:\\");
    expect(parseData(deep)).toBeNull();
  });

  it.each([
    ["objects", { list: Array.from({ length: 1000 }, (_, id) => ({ id })) }],
    ["arrays", { list: Array.from({ length: 1000 }, (_, id) => [id]) }],
    ["both in each other", { list: Array.from({ length: 1000 }, (_, id) => [{ id, of: [{}] }, []]) }],
  ])("does not add up %s side by side", (_what, wide) => {
    expect(reads(wide)).toEqual(wide);
  });

  it.each([
    ["objects", (inner: unknown) => ({ inner })],
    ["arrays", (inner: unknown) => [inner]],
  ])("reads 100 levels of %s, as many as can be saved, and no more", (_what, wrap) => {
    const most = nested(100, wrap);
    expect(parseData(stringifyData(most))).toEqual(most);
    expect(reads({ ...most, beside: [{}, {}] })).toEqual({ ...most, beside: [{}, {}] });
    expect(parseData(JSON.stringify(nested(101, wrap)))).toBeNull();
  });

  it("reads whatever was saved", () => {
    const text = fc.string({ unit: fc.constantFrom(...'"\\[]{}:,a'), maxLength: 400 });
    fc.assert(
      fc.property(fc.array(fc.record({ text, list: fc.array(text, { maxLength: 3 }) }), { maxLength: 60 }), (list) => {
        expect(reads({ list })).toEqual({ list });
      }),
      { numRuns: 200 },
    );
  });
});
