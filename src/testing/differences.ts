/**
 * Shows how two values differ, field by field, in a few short lines.
 *
 * @module
 */

const MOST_LINES = 6;
const LONGEST_VALUE = 120;
const LONGEST_KEY = 40;
const SHOWN_BEFORE_DIFFERENCE = 20;

type Fields = Record<string, unknown>;

interface Difference {
  readonly path: string;
  readonly received: unknown;
  readonly expected: unknown;
}

/** Whether both are the same JSON, in any key order. An undefined key counts as missing. */
export function isSameJson(received: unknown, expected: unknown): boolean {
  return canonical(received) === canonical(expected);
}

/**
 * Describes a wrong value: both values if short, otherwise one line
 * per differing field, such as `seenAt: expected 20, received 10`.
 */
export function difference(what: string, received: unknown, expected: unknown): string {
  const found = differences(received, expected, "");
  const isShort = canonical(received).length + canonical(expected).length <= LONGEST_VALUE;
  if (isShort || found[0]?.path === "") return `Expected ${what} to be ${show(expected)}, but received ${show(received)}`;
  const lines = found.slice(0, MOST_LINES).map(line);
  const more = found.length - lines.length;
  return [`These fields differ in ${what}:`, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

/** A short form of a value. */
export function show(value: unknown): string {
  const text = canonical(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}...` : text;
}

/** Compares plain objects and lists of the same length field by field, and anything else as one value. */
function differences(received: unknown, expected: unknown, path: string): Difference[] {
  if (isSameJson(received, expected)) return [];
  if (!hasFields(received) || !hasFields(expected)) return [{ path, received, expected }];
  const isList = Array.isArray(expected);
  const isSameKind = isList ? Array.isArray(received) && received.length === expected.length : !Array.isArray(received);
  if (!isSameKind) return [{ path, received, expected }];
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(received)])];
  return keys.flatMap((key) => differences(fieldOf(received, key), fieldOf(expected, key), pathTo(path, key, isList)));
}

function hasFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function fieldOf(value: Fields, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function pathTo(path: string, key: string, isList: boolean): string {
  if (isList) return `${path}[${key}]`;
  const short = key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}...` : key;
  if (!/^[a-z_]\w*$/i.test(key)) return `${path}[${JSON.stringify(short)}]`;
  return path === "" ? short : `${path}.${short}`;
}

function line({ path, received, expected }: Difference): string {
  const [left, right] = [canonical(received), canonical(expected)];
  let same = 0;
  while (left[same] === right[same]) same++;
  // For long values, show only the part where they start to differ.
  const isLong = Math.max(left.length, right.length) > LONGEST_VALUE;
  const from = isLong ? Math.max(0, same - SHOWN_BEFORE_DIFFERENCE) : 0;
  const part = (value: unknown, text: string) => {
    if (value === undefined) return "nothing";
    const end = from + LONGEST_VALUE;
    return `${from > 0 ? "..." : ""}${text.slice(from, end)}${end < text.length ? "..." : ""}`;
  };
  return `  ${path}: expected ${part(expected, right)}, received ${part(received, left)}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => sorted(inner)) ?? "undefined";
}

function sorted(value: unknown): unknown {
  if (!hasFields(value) || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
