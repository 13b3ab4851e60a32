/**
 * The store contract, basics: each method does its job once. All other cases depend on these.
 *
 * @module
 */
import type { SessionRecord } from "../../session/record.ts";
import { expectEqual, expectThat } from "./expect.ts";
import { type Begun, HOUR, LOGIN, type Trial, type TrialCase } from "./trial.ts";
import type { Method } from "./watched.ts";

/** A case about one method. If it fails, no other case that calls the method is tried. */
export interface BasicCase extends TrialCase {
  readonly method: Method;
}

/** One case per method. Each calls only its own method and those of the cases before it. */
export const basicCases: readonly BasicCase[] = [
  { method: "create", name: "create: stores a record", run: creates },
  { method: "load", name: "load: returns the record that create stored, and null if there is none", run: loads },
  { method: "update", name: "update: changes a record, and returns gone if there is none", run: updates },
  { method: "touch", name: "touch: sets seenAt and expiresAt, and returns whether there is a record", run: touches },
  { method: "remove", name: "remove: ends a session", run: removes },
  { method: "take", name: "take: returns the record and removes it, and returns null if there is none", run: takes },
  {
    method: "replace",
    name: "replace: moves a session to a new key, leaves a mark, and returns gone if there is none",
    run: replaces,
  },
  { method: "list", name: "list: returns a subject's sessions, if the store has list", run: lists },
  { method: "removeAll", name: "removeAll: ends a subject's sessions, if the store has removeAll", run: removesAll },
];

async function creates(trial: Trial): Promise<void> {
  await trial.begin({ data: '{"a":1}' });
}

async function loads(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: '{"a":1}', subject: trial.subject(), meta: { device: "phone" } });
  const found = await store.load(key, { now });
  const isLost = found === null && store.guarantees.immediate;
  if (isLost) throw new Error("load: the record that create stored is missing. Expected the record, but received null");
  trial.isRecord(found, record);
  expectEqual("what load returns for an unknown id", await store.load(await trial.key(), { now }), null);
}

async function updates(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await begun(trial, { data: '{"a":1,"b":2}' });
  const options = { now: now + 1, expiresAt: now + 2 * HOUR };
  const patch = { set: [["a", '"one"'] as const], unset: ["b"] };
  trial.written(await store.update(key, patch, options), 2);
  await trial.has(key, { ...record, data: '{"a":"one"}', version: 2, seenAt: options.now, expiresAt: options.expiresAt });
  const unknown = await trial.key();
  trial.refused(await store.update(unknown, patch, options), "gone");
  await trial.lacks(unknown);
}

async function touches(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await begun(trial);
  const options = { now: now + 1, expiresAt: now + 2 * HOUR };
  trial.touched(await store.touch(key, options), true);
  await trial.has(key, { ...record, seenAt: options.now, expiresAt: options.expiresAt });
  const unknown = await trial.key();
  trial.touched(await store.touch(unknown, options), false);
  await trial.lacks(unknown);
}

async function removes(trial: Trial): Promise<void> {
  const { key } = await begun(trial);
  await trial.store.remove(key);
  await trial.lacks(key);
}

async function takes(trial: Trial): Promise<void> {
  const { key, record } = await begun(trial);
  trial.took(await trial.store.take(key), record);
  await trial.lacks(key);
  trial.took(await trial.store.take(await trial.key()), null);
}

async function replaces(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await begun(trial, { data: '{"a":1}' });
  const [next, unknown] = [await trial.key(), await trial.key()];
  const patch = { set: [["b", "2"] as const], unset: [] };
  trial.written(await store.replace(key, next, patch, record, LOGIN), 2);
  await trial.has(next, { ...record, data: '{"a":1,"b":2}', version: 2 });
  await trial.hasMark(key, { movedAt: now, to: next, by: LOGIN.by });
  trial.refused(await store.replace(unknown, await trial.key(), patch, record, LOGIN), "gone");
  await trial.lacks(unknown);
}

async function lists(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const { key } = await begun(trial, { subject });
  const rows = await trial.store.list?.(subject);
  if (rows === undefined) return;
  expectThat(Array.isArray(rows), "list to return a list", rows);
  if (trial.store.guarantees.immediate) expectEqual("the ids of the subject", idsOf(rows), [key.id]);
}

function idsOf(rows: readonly { id: string }[]): string[] {
  return rows.map(({ id }) => id);
}

async function removesAll(trial: Trial): Promise<void> {
  const { store } = trial;
  const subject = trial.subject();
  const { key } = await begun(trial, { subject });
  if (store.removeAll === undefined) return;
  await store.removeAll(subject);
  await trial.lacks(key);
}

/** Creates a record and checks that it loads, so that later failures are not blamed on the wrong method. */
async function begun(trial: Trial, fields: Partial<SessionRecord> = {}): Promise<Begun> {
  const session = await trial.begin(fields);
  await trial.has(session.key, session.record);
  return session;
}
