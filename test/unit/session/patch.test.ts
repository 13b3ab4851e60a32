/** Patches: what turns one JSON object into another, key by key. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonObject, parseData } from "../../../src/ground/json.ts";
import { applyPatch, diff, type Patch } from "../../../src/session/patch.ts";

/** Keys that mean something elsewhere: to prototypes, to paths, to the order of keys, to queries, to encoders. */
const oddKey = fc.constantFrom(
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "toJSON", "length"],
  ...["", " ", "a", "b", "a.b", "a[0]", "$set", 'quo"te', "apos'trophe", "back\\slash", "line\nbreak", "\u0000"],
  ...["0", "1", "2", "10", "01", "-1", "1e3", "4294967294", "4294967295", "9007199254740993"],
  ...["🚀", "\ud83d", "\ude80", "e\u0301", "\u00e9", "\u2028", "\ufeff", "k".repeat(10_000)],
);
const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
const key = fc.oneof({ arbitrary: oddKey, weight: 4 }, { arbitrary: fc.string({ unit: anyUnit, maxLength: 4 }), weight: 1 });
const nested = fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
const value = fc.oneof(fc.jsonValue(), nested, fc.array(nested, { maxLength: 2 }), fc.constant(null));

/** An object as it is in a session: read from JSON text, without a prototype. */
const object = fc
  .array(fc.tuple(key, value), { maxLength: 8 })
  .map((entries) => parse(JSON.stringify(Object.fromEntries(entries))));

function parse(text: string): JsonObject {
  const data = parseData(text);
  if (data === null) throw new Error("Expected the JSON text of an object");
  return data;
}

function patched(before: JsonObject, patch: Patch | null): JsonObject {
  return parse(patch === null ? JSON.stringify(before) : applyPatch(JSON.stringify(before), patch));
}

/** An object with one more key, or another value under it. */
function define(data: JsonObject, name: string, value: unknown): JsonObject {
  return parse(JSON.stringify(Object.fromEntries([...Object.entries(data), [name, value]])));
}

/** The object that has each name's value from where it is told to look, if it is there. */
function pick(names: string[], from: (name: string) => JsonObject): JsonObject {
  const there = names.filter((name) => Object.hasOwn(from(name), name));
  return parse(JSON.stringify(Object.fromEntries(there.map((name) => [name, from(name)[name]]))));
}

/** The same keys with the same values, whatever their order. */
function expectSame(found: JsonObject, expected: JsonObject): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const name of Object.keys(expected)) expect(JSON.stringify(found[name])).toBe(JSON.stringify(expected[name]));
}

describe("a patch", () => {
  it("turns any object into any other", () => {
    fc.assert(
      fc.property(object, object, (before, after) => expectSame(patched(before, diff(before, after)), after)),
      {
        numRuns: 2000,
      },
    );
  });

  it("is null between equal objects", () => {
    fc.assert(
      fc.property(object, (data) => {
        expect(diff(data, parse(JSON.stringify(data)))).toBeNull();
      }),
    );
  });

  it("is never null between different objects", () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const names = new Set([...Object.keys(before), ...Object.keys(after)]);
        const differ = [...names].some((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
        expect(diff(before, after) !== null).toBe(differ);
      }),
    );
  });

  it("names only keys that differ, and each of them once", () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const { set, unset } = diff(before, after) ?? { set: [], unset: [] };
        const names = [...set.map(([name]) => name), ...unset];
        expect(new Set(names).size).toBe(names.length);
        for (const [name, json] of set) expect(JSON.stringify(before[name])).not.toBe(json);
        for (const name of unset) expect(Object.hasOwn(before, name) && !Object.hasOwn(after, name)).toBe(true);
      }),
    );
  });

  it("commutes with a patch of other keys", () => {
    fc.assert(
      fc.property(object, object, fc.func(fc.boolean()), (before, after, isMine) => {
        const whole = diff(before, after) ?? { set: [], unset: [] };
        const mine = { set: whole.set.filter(([name]) => isMine(name)), unset: whole.unset.filter((name) => isMine(name)) };
        const yours = { set: whole.set.filter(([name]) => !isMine(name)), unset: whole.unset.filter((name) => !isMine(name)) };
        expectSame(patched(patched(before, mine), yours), after);
        expectSame(patched(patched(before, yours), mine), after);
      }),
    );
  });

  it("commutes with the patch of another request that changed other keys", () => {
    fc.assert(
      fc.property(object, object, fc.func(fc.boolean()), (before, wanted, isMine) => {
        const names = [...new Set([...Object.keys(before), ...Object.keys(wanted)])];
        // What each of two requests saw when it was done: its own keys as it wants them, the others as they were.
        const seen = (mine: boolean) => pick(names, (name) => (isMine(name) === mine ? wanted : before));
        const [mine, yours] = [diff(before, seen(true)), diff(before, seen(false))];
        expectSame(patched(patched(before, mine), yours), wanted);
        expectSame(patched(patched(before, yours), mine), wanted);
      }),
      { numRuns: 1000 },
    );
  });

  it("takes values whole: what is nested is replaced, never merged, and null is kept", () => {
    fc.assert(
      fc.property(object, key, value, value, (rest, name, before, after) => {
        const [old, made] = [define(rest, name, before), define(rest, name, after)];
        const patch = diff(old, made);
        if (patch !== null) expect(patch).toEqual({ set: [[name, JSON.stringify(after)]], unset: [] });
        expect(JSON.stringify(patched(old, patch)[name])).toBe(JSON.stringify(after));
        expect(diff(old, define(rest, name, null))?.unset ?? []).toEqual([]);
      }),
    );
  });

  it("with replacesData makes the same of whatever is there", () => {
    fc.assert(
      fc.property(object, object, (there, after) => {
        const patch = { ...(diff(parse("{}"), after) ?? { set: [], unset: [] }), replacesData: true as const };
        expectSame(patched(there, patch), after);
      }),
    );
  });

  it("finds nothing where only the order of keys differs", () => {
    fc.assert(
      fc.property(object, (data) => {
        const turned = parse(JSON.stringify(Object.fromEntries(Object.entries(data).reverse())));
        expect(diff(data, turned)).toBeNull();
      }),
    );
  });

  it("comes to the same in one step and by way of anything else", () => {
    fc.assert(
      fc.property(object, object, object, (before, between, after) => {
        const there = patched(before, diff(before, between));
        expectSame(patched(there, diff(between, after)), after);
      }),
    );
  });

  it("is the same when it is applied twice", () => {
    fc.assert(
      fc.property(object, object, object, (before, after, there) => {
        const patch = diff(before, after);
        expectSame(patched(patched(there, patch), patch), patched(there, patch));
      }),
    );
  });

  it("leaves what it does not name as somebody else wrote it", () => {
    fc.assert(
      fc.property(object, object, object, (before, after, there) => {
        const patch = diff(before, after) ?? { set: [], unset: [] };
        const named = new Set([...patch.set.map(([name]) => name), ...patch.unset]);
        const result = patched(there, patch);
        for (const name of Object.keys(there).filter((one) => !named.has(one))) {
          expect(JSON.stringify(result[name])).toBe(JSON.stringify(there[name]));
        }
      }),
    );
  });

  it("never changes what all objects inherit", () => {
    const properties = Reflect.ownKeys(Object.prototype);
    fc.assert(
      fc.property(object, object, (before, after) => {
        patched(before, diff(before, after));
        expect(Reflect.ownKeys(Object.prototype)).toEqual(properties);
        expect(Object.getPrototypeOf({})).toBe(Object.prototype);
      }),
    );
    applyPatch("{}", { set: [["__proto__", '{"polluted":true}']], unset: ["constructor"] });
    expect("polluted" in {}).toBe(false);
    expect({}.constructor).toBe(Object);
  });
});

describe("diff", () => {
  it.each([
    ["a new key", "{}", '{"a":1}', { set: [["a", "1"]], unset: [] }],
    ["a changed value", '{"a":1,"b":2}', '{"a":1,"b":3}', { set: [["b", "3"]], unset: [] }],
    ["a key that is gone", '{"a":1,"b":2}', '{"b":2}', { set: [], unset: ["a"] }],
    ["null in place of a value", '{"a":1}', '{"a":null}', { set: [["a", "null"]], unset: [] }],
    ["a value in place of null", '{"a":null}', '{"a":0}', { set: [["a", "0"]], unset: [] }],
    ["null that is gone", '{"a":null}', "{}", { set: [], unset: ["a"] }],
    ["a new null", "{}", '{"a":null}', { set: [["a", "null"]], unset: [] }],
    ["a nested change, as the whole value", '{"a":{"b":1,"c":2}}', '{"a":{"b":1}}', { set: [["a", '{"b":1}']], unset: [] }],
    ["a text in place of a number", '{"a":1}', '{"a":"1"}', { set: [["a", '"1"']], unset: [] }],
    ["an array in place of an object", '{"a":{}}', '{"a":[]}', { set: [["a", "[]"]], unset: [] }],
    ["__proto__ as a key", "{}", '{"__proto__":{"a":1}}', { set: [["__proto__", '{"a":1}']], unset: [] }],
    ["__proto__ that is gone", '{"__proto__":1}', "{}", { set: [], unset: ["__proto__"] }],
  ])("finds %s", (_what, before, after, expected) => {
    expect(diff(parse(before), parse(after))).toEqual(expected);
  });

  it("removes a key that was set to undefined", () => {
    const after = parse('{"a":1,"b":2}');
    after.b = undefined;
    expect(diff(parse('{"a":1,"b":2}'), after)).toEqual({ set: [], unset: ["b"] });
  });

  it("finds nothing in a new key that is undefined", () => {
    const after = parse("{}");
    after.a = undefined;
    expect(diff(parse("{}"), after)).toBeNull();
  });

  it("leaves both objects as they are", () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const texts = [JSON.stringify(before), JSON.stringify(after)];
        diff(before, after);
        expect([JSON.stringify(before), JSON.stringify(after)]).toEqual(texts);
      }),
    );
  });
});

describe("applyPatch", () => {
  it.each([
    ["keeps null", '{"a":null}', { set: [["b", "null"]], unset: [] }, '{"a":null,"b":null}'],
    ["replaces a nested object", '{"a":{"b":1}}', { set: [["a", '{"c":2}']], unset: [] }, '{"a":{"c":2}}'],
    ["removes a key", '{"a":1,"b":2}', { set: [], unset: ["a"] }, '{"b":2}'],
    ["removes a key that is not there", '{"a":1}', { set: [], unset: ["b", "toString", "__proto__"] }, '{"a":1}'],
    [
      "drops everything first with replacesData",
      '{"a":1,"b":2}',
      { replacesData: true, set: [["c", "3"]], unset: [] },
      '{"c":3}',
    ],
    ["drops everything with replacesData alone", '{"a":1}', { replacesData: true, set: [], unset: [] }, "{}"],
    ["takes a dot in a key as a dot", '{"a":{"b":1}}', { set: [["a.b", "2"]], unset: [] }, '{"a":{"b":1},"a.b":2}'],
    ["keeps __proto__ as a key", '{"__proto__":1}', { set: [["a", "1"]], unset: [] }, '{"__proto__":1,"a":1}'],
    ["sets __proto__ as a key", "{}", { set: [["__proto__", "null"]], unset: [] }, '{"__proto__":null}'],
  ] as [string, string, Patch, string][])("%s", (_what, data, patch, expected) => {
    expect(applyPatch(data, patch)).toBe(expected);
  });

  it.each(["", "nothing", "[]", "null", "1", '"text"'])("throws when the data is %j", (data) => {
    expect(() => applyPatch(data, { set: [], unset: [] })).toThrow(SyntaxError);
  });

  it("does not quote the data in its error", () => {
    expect(() => applyPatch('{"password":"hunter2', { set: [], unset: [] })).toThrow(/^((?!hunter2|password).)*$/s);
  });
});
