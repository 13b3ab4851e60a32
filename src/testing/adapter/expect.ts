/**
 * The few assertions that portable stories use, named as in Vitest, which only Node can load.
 *
 * @module
 */

type Shape = Record<string, unknown>;

/** The assertions on a value. */
export interface Expectation {
  toBe(expected: unknown): void;
  /** Deep equality. An undefined key counts as missing. */
  toEqual(expected: unknown): void;
  /** Every key of `expected` is deeply equal. */
  toMatchObject(expected: Shape): void;
  toMatch(expected: RegExp): void;
  /** A substring, or an item of a list. */
  toContain(expected: unknown): void;
  toHaveLength(expected: number): void;
  // biome-ignore lint/suspicious/noExplicitAny: constructors of any kind.
  toBeInstanceOf(expected: new (...args: any[]) => unknown): void;
}

/** The assertions on a value. `not` negates them. */
export function expect(found: unknown, story = ""): Expectation & { readonly not: Expectation } {
  return { ...expectation(found, story, true), not: expectation(found, story, false) };
}

function expectation(found: unknown, story: string, wanted: boolean): Expectation {
  const check = (holds: boolean, how: string, expected: unknown) => {
    if (holds === wanted) return;
    const where = story === "" ? "" : `: ${story}`;
    throw new Error(`expected ${show(found)} ${wanted ? "" : "not "}${how} ${show(expected)}${where}`);
  };
  return {
    toBe: (expected) => check(Object.is(found, expected), "to be", expected),
    toEqual: (expected) => check(isSame(found, expected), "to equal", expected),
    toMatchObject: (expected) => check(hasAll(found, expected), "to match", expected),
    toMatch: (expected) => check(expected.test(String(found)), "to match", String(expected)),
    toContain: (expected) => check(contains(found, expected), "to contain", expected),
    toHaveLength: (expected) => check((found as { length: unknown }).length === expected, "to have the length", expected),
    toBeInstanceOf: (expected) => check(found instanceof expected, "to be an instance of", expected.name),
  };
}

/** Returns what the function throws or the promise rejects with. Fails if it succeeds. */
export async function failureOf(act: (() => unknown) | PromiseLike<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await (typeof act === "function" ? act() : act);
  } catch (thrown) {
    return thrown;
  }
  throw new Error(`expected a failure, but got ${show(result)}`);
}

function isSame(left: unknown, right: unknown): boolean {
  if (!isObject(left) || !isObject(right)) return Object.is(left, right);
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  return keysOf(left).length === keysOf(right).length && hasAll(left, right);
}

function hasAll(found: unknown, expected: Shape): boolean {
  return isObject(found) && Object.keys(expected).every((key) => isSame(found[key], expected[key]));
}

function keysOf(value: Shape): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}

function contains(found: unknown, expected: unknown): boolean {
  if (Array.isArray(found)) return found.includes(expected);
  return typeof found === "string" && found.includes(String(expected));
}

function isObject(value: unknown): value is Shape {
  return typeof value === "object" && value !== null;
}

function show(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return (JSON.stringify(value) ?? String(value)).slice(0, 300);
}
