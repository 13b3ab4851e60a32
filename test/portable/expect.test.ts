/** The assertions of the portable stories fail when they should: a suite that cannot fail proves nothing. */
import { describe, expect, it } from "vitest";
import { failureOf, expect as portable } from "../../src/testing/adapter/expect.ts";
import { run, stories } from "./index.ts";

describe("the portable expect()", () => {
  it.each<[string, () => void]>([
    ["toBe", () => portable(1).toBe(2)],
    ["toBe, of two objects", () => portable({}).toBe({})],
    ["toEqual", () => portable({ a: [1, 2] }).toEqual({ a: [1, 3] })],
    ["toEqual, with a key too few", () => portable({}).toEqual({ a: 1 })],
    ["toEqual, with a key too many", () => portable({ a: 1 }).toEqual({})],
    ["toEqual, of a list and an object", () => portable([]).toEqual({})],
    ["toEqual, of lists of two lengths", () => portable([1]).toEqual([1, 2])],
    ["toMatchObject", () => portable({ a: 1, b: 2 }).toMatchObject({ a: 2 })],
    ["toMatchObject, of undefined", () => portable(undefined).toMatchObject({ a: 2 })],
    ["toMatch", () => portable("text").toMatch(/other/)],
    ["toContain, of a text", () => portable("text").toContain("other")],
    ["toContain, of a list", () => portable(["a"]).toContain("b")],
    ["toContain, of what is neither", () => portable({}).toContain("b")],
    ["toHaveLength", () => portable([1]).toHaveLength(2)],
    ["toBeInstanceOf", () => portable({}).toBeInstanceOf(Error)],
  ])("fails by %s", (_name, check) => {
    expect(check).toThrow(/^expected /);
  });

  it("passes what Vitest's passes", () => {
    portable({ a: [1, { b: null }], c: undefined }).toEqual({ a: [1, { b: null }] });
    portable({ a: 1, b: 2 }).toMatchObject({ a: 1 });
    portable(["a"]).toContain("a");
    portable(new TypeError("")).toBeInstanceOf(Error);
  });

  it("turns each round by not", () => {
    expect(() => portable(1).not.toBe(1)).toThrow("expected 1 not to be 1");
    portable(1).not.toBe(2);
  });

  it("fails when a failure is expected and none comes", async () => {
    await expect(failureOf(() => 1)).rejects.toThrow("expected a failure, but got 1");
    await expect(failureOf(Promise.resolve(1))).rejects.toThrow("expected a failure");
    expect(await failureOf(() => Promise.reject(7))).toBe(7);
  });
});

describe("the portable suite", () => {
  it("names each story once", () => {
    const names = stories.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it("counts a story that fails, and goes on", async () => {
    const lacks = () => Promise.reject(new Error("No such module"));
    const { passed, failed } = await run({ globals: [], nodeCrypto: "none", koa: lacks, node: lacks });
    expect(failed.map((line) => line.split(":")[0])).toEqual([
      "has of Node's globals none",
      "cannot load Koa's adapter and nodeCrypto, which need node",
    ]);
    expect(passed).toBeGreaterThanOrEqual(stories.length);
  });
});
