/**
 * The store contract for data: patches work key by key, any text can be a key, and values round-trip.
 *
 * @module
 */
import { applyPatch, type Patch } from "../../session/patch.ts";
import { type Begun, HOUR, type Trial, type TrialCase } from "./trial.ts";

/** Keys that break stores which build a path, a query or a field name from them. */
export const ODD_KEYS: readonly string[] = [
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "prototype"],
  ...["data", "version", "startedAt", "seenAt", "expiresAt", "subject", "meta", "movedAt", "to", "id", "route"],
  ...["d:x", "m:version", "s:u:x", "a.b", "$.a", "a[0]", "$set", "*", "%", "_"],
  ...["", " ", "with space", 'quo"te', "apos'trophe", "back\\slash", "line\nbreak", "\u0000", "--; DROP TABLE sessions"],
  ...["0", "1", "-1", "01", "1e3", "4294967295", "NaN", "null", "true"],
  ...["🚀", "地名", "e\u0301", "\u202e"],
];

/** JSON texts that some databases, and JSON libraries of other languages, change. */
const ODD_VALUES: readonly (readonly [what: string, json: string])[] = [
  ["null", "null"],
  ["false", "false"],
  ["zero", "0"],
  ["a fraction", "0.1"],
  ["the largest safe integer", "9007199254740991"],
  ["the largest number", "1.7976931348623157e+308"],
  ["the empty text", '""'],
  ["an empty array", "[]"],
  ["an empty object", "{}"],
  ["empty arrays and objects in an object", '{"a":[],"b":{},"c":[[],{}]}'],
  ["a nested __proto__", '{"__proto__":{"polluted":true}}'],
  ["text that looks like a number", '"007"'],
  ["text that looks like JSON", '"{\\"a\\":1}"'],
  ["quotes and backslashes", JSON.stringify(`'"\\/\b\f\n\r\t;--`)],
  ["unicode and emoji", JSON.stringify("Zürich 地名 🚀👩‍👩‍👧 e\u0301")],
  ["separators that JavaScript once took for line ends", JSON.stringify("\u2028\u2029")],
  ["the character NUL", '"\\u0000"'],
  ["lone surrogates", '["\\ud800","\\udc00x","x\\ud83d"]'],
  ["50 KB of text", JSON.stringify("0123456789".repeat(5 * 1024))],
  ["50 KB of characters that take three bytes", JSON.stringify("地".repeat(Math.floor((50 * 1024) / 3)))],
];

/** Cases about data and patches. */
export const dataCases: readonly TrialCase[] = [
  { name: "update sets and removes keys, and keeps the others", run: setAndUnset },
  { name: "update adds one to the version and sets seenAt, even if no key changes", run: emptyPatch },
  { name: "update never moves the expiry backwards", run: updateEarlier },
  { name: "update keeps everything except the data", run: keepsFields },
  { name: "removing a missing key is fine", run: unsetUnknown },
  { name: "null is a value and removes nothing", run: nullIsValue },
  { name: "a nested object is replaced, never merged", run: nestedIsReplaced },
  { name: "ifVersion lets the change through if the version matches", run: sameVersion },
  { name: "update returns conflict if the version differs from ifVersion, and changes nothing", run: otherVersion },
  ...ODD_KEYS.map((key) => ({ name: `the key ${JSON.stringify(key)} is data like any other`, run: anyKey(key) })),
  { name: "a key of 10,000 characters is data like any other", run: anyKey("k".repeat(10_000)) },
  { name: "odd keys do not affect each other", run: keysTogether },
  ...ODD_VALUES.map(([what, json]) => ({ name: `a value comes back as it was: ${what}`, run: anyValue(json) })),
];

/** Patches the session and checks the result. */
async function patchAndExpect(trial: Trial, { key, record }: Begun, patch: Patch): Promise<Begun> {
  const options = { now: record.seenAt + 1, expiresAt: record.expiresAt + 1 };
  const version = record.version + 1;
  trial.written(await trial.store.update(key, patch, options), version);
  const { now: seenAt, expiresAt } = options;
  const next = { key, record: { ...record, data: applyPatch(record.data, patch), version, seenAt, expiresAt } };
  await trial.has(key, next.record);
  return next;
}

async function setAndUnset(trial: Trial): Promise<void> {
  const first = await trial.begin({ data: '{"a":1,"b":2,"c":3}' });
  const second = await patchAndExpect(trial, first, { set: [["b", '"two"']], unset: ["a"] });
  const third = await patchAndExpect(trial, second, { set: [["a", "[1]"]], unset: ["b", "c"] });
  await patchAndExpect(trial, third, { set: [], unset: ["a"] });
}

async function emptyPatch(trial: Trial): Promise<void> {
  await patchAndExpect(trial, await trial.begin({ data: '{"a":1}' }), { set: [], unset: [] });
}

async function updateEarlier(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin();
  const options = { now: trial.now + 60, expiresAt: record.expiresAt - 300 };
  trial.written(await trial.store.update(key, { set: [["a", "1"]], unset: [] }, options), 2);
  await trial.has(key, { ...record, data: '{"a":1}', version: 2, seenAt: options.now });
}

async function keepsFields(trial: Trial): Promise<void> {
  const begun = await trial.begin({ subject: trial.subject(), meta: { device: "phone" } });
  await patchAndExpect(trial, begun, { set: [["a", "1"]], unset: [] });
}

async function unsetUnknown(trial: Trial): Promise<void> {
  const begun = await trial.begin({ data: '{"a":1}' });
  await patchAndExpect(trial, begun, { set: [], unset: ["b", "", "__proto__", "constructor"] });
}

async function nullIsValue(trial: Trial): Promise<void> {
  const first = await trial.begin({ data: '{"a":1,"b":null}' });
  const second = await patchAndExpect(trial, first, { set: [["a", "null"]], unset: [] });
  await patchAndExpect(trial, second, { set: [["c", '{"d":null}']], unset: [] });
}

async function nestedIsReplaced(trial: Trial): Promise<void> {
  const begun = await trial.begin({ data: '{"user":{"name":"Ada","born":1815},"list":[1,2,3]}' });
  const set = [["user", '{"name":"Grace","died":null}'] as const, ["list", "[9]"] as const];
  await patchAndExpect(trial, begun, { set, unset: [] });
}

async function sameVersion(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin();
  const options = { now, expiresAt: now + HOUR };
  trial.written(await store.update(key, { set: [["a", "1"]], unset: [] }, { ...options, ifVersion: 1 }), 2);
  trial.written(await store.update(key, { set: [["b", "2"]], unset: [] }, { ...options, ifVersion: 2 }), 3);
  await trial.has(key, { ...record, data: '{"a":1,"b":2}', version: 3 });
}

async function otherVersion(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: '{"a":1}', version: 2 });
  const options = { now: now + 60, expiresAt: now + 2 * HOUR };
  const patch: Patch = { set: [["a", "2"]], unset: [] };
  for (const ifVersion of [0, 1, 3]) trial.refused(await store.update(key, patch, { ...options, ifVersion }), "conflict");
  await trial.has(key, record);
}

function anyKey(odd: string): TrialCase["run"] {
  return async (trial) => {
    const data = JSON.stringify(Object.fromEntries([["before", 0] as const, [odd, "created"] as const]));
    const created = await trial.begin({ data });
    await trial.has(created.key, created.record);
    const changed = await patchAndExpect(trial, created, { set: [[odd, '{"changed":[true]}']], unset: [] });
    const removed = await patchAndExpect(trial, changed, { set: [["after", "1"]], unset: [odd] });
    await patchAndExpect(trial, removed, { set: [[odd, "0"]], unset: ["before"] });
  };
}

async function keysTogether(trial: Trial): Promise<void> {
  const created = await trial.begin({ data: JSON.stringify(Object.fromEntries(ODD_KEYS.map((key, index) => [key, index]))) });
  await trial.has(created.key, created.record);
  const set = ODD_KEYS.filter((_key, index) => index % 3 === 0).map((key) => [key, JSON.stringify({ key })] as const);
  const unset = ODD_KEYS.filter((_key, index) => index % 3 === 1);
  await patchAndExpect(trial, created, { set, unset });
}

function anyValue(json: string): TrialCase["run"] {
  return async (trial) => {
    const created = await trial.begin({ data: `{"created":${json}}` });
    await trial.has(created.key, created.record);
    await patchAndExpect(trial, created, { set: [["created", "1"] as const, ["patched", json] as const], unset: [] });
  };
}
