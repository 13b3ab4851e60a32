/**
 * Options that are a function of `env`: finds the manager for a request.
 *
 * On Workers, `env` is one object for the lifetime of the isolate. Other servers make a new one for each request, so
 * the manager is found by the function's result.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import type { SessionOptions } from "../index.ts";

/**
 * How many managers are cached for envs that do not recur. An application with one manager per tenant needs several.
 */
const MOST = 16;
/** How many managers may differ only in newly made objects. Tests and code that reloads make a few. */
const MOST_ALIKE = 2;

/** The options as flat parts: `"cookie.path"`, `"secrets[0]"`. */
type Parts = ReadonlyMap<string, unknown>;

interface Known<Manager> {
  readonly parts: Parts;
  readonly manager: Manager;
}

/**
 * Caches what `make` returns, by env object and by equal options. Stores, functions and other objects are compared by
 * identity; strings, numbers, bytes, lists, the options in `cookie` and those of features by value.
 */
export function perEnv<Manager>(
  optionsFor: (env: object) => SessionOptions,
  make: (options: SessionOptions) => Manager,
): (env?: object) => Manager {
  const byEnv = new WeakMap<object, Manager>();
  // Most recently used first.
  const known: Known<Manager>[] = [];
  let alike = 1;

  function take(parts: Parts): Known<Manager> | undefined {
    const index = known.findIndex((one) => differences(one.parts, parts).length === 0);
    return index === -1 ? undefined : known.splice(index, 1)[0];
  }

  function add(options: SessionOptions, parts: Parts): Known<Manager> {
    const manager = make(options);
    const names = known.map((one) => madeAnew(one.parts, parts)).find((found) => found !== undefined);
    if (names !== undefined && ++alike === MOST_ALIKE + 1) console.warn(`web-session-store: ${advice(names)}`);
    return { parts, manager };
  }

  return (env = NO_ENV) => {
    const same = byEnv.get(env);
    if (same !== undefined) return same;
    const options = checked(optionsFor(env));
    const parts = new Map(Object.entries(options).flatMap(([name, value]) => partsOf(name, value)));
    const one = take(parts) ?? add(options, parts);
    known.unshift(one);
    if (known.length > MOST) known.pop();
    byEnv.set(env, one.manager);
    return one.manager;
  };
}

/** Stands in for env on servers that pass none. */
const NO_ENV = {};

function checked(options: unknown): SessionOptions {
  if (isObject(options) && !(options instanceof Promise)) return options as SessionOptions;
  const isPromise = options instanceof Promise;
  const problem = isPromise
    ? "it returned a promise. To fetch secrets, use secrets: fetched(...)."
    : "it did not return an object.";
  cannot("use the options function of session()", problem);
}

/**
 * Copies values out of lists and bytes, so that changes the application makes later do not alter the cached options.
 */
function partsOf(name: string, value: unknown): [string, unknown][] {
  if (value instanceof Uint8Array) return [[`${name}: bytes`, String(value)]];
  if (Array.isArray(value)) return value.flatMap((item, index) => partsOf(`${name}[${index}]`, item));
  if (isObject(value) && (name === "cookie" || "~feature" in value || "~fetch" in value))
    return Object.entries(value).flatMap(([part, item]) => (part.startsWith("~") ? [] : partsOf(`${name}.${part}`, item)));
  return [[name, value]];
}

function differences(before: Parts, now: Parts): readonly string[] {
  const names = new Set([...before.keys(), ...now.keys()]);
  return [...names].filter((name) => before.has(name) !== now.has(name) || !Object.is(before.get(name), now.get(name)));
}

/** The names of the options that differ, if all of them are newly made objects or functions. */
function madeAnew(before: Parts, now: Parts): readonly string[] | undefined {
  const different = differences(before, now);
  if (!different.every((name) => isObject(before.get(name)) && isObject(now.get(name)))) return undefined;
  return [...new Set(different.map((name) => name.replace(/[[.].*/, "")))];
}

function advice(names: readonly string[]): string {
  const isStore = names.includes("store");
  const name = isStore ? "store" : names[0];
  const why = isStore ? "has its own store: a memory store forgets everybody, a file is opened again" : "derives its keys again";
  return (
    `the options function of session() returns a new ${names.join(", ")} for each request, so each request ${why}. Keep it outside the ` +
    `function: let ${name}; session((env) => ({ ${name}: ${name} ??= ${isStore ? "kv(env.KV)" : "..."}, ... }))`
  );
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
