/**
 * The store contract for listing and ending a subject's sessions. For stores that can.
 *
 * @module
 */

import type { SessionInfo } from "../../session/record.ts";
import { expectEqual, expectThat } from "./expect.ts";
import { type Begun, HOUR, LOGIN, NO_CHANGE, type Trial, type TrialCase } from "./trial.ts";

/** Subjects that break stores which build a key, a pattern or a path from them. */
const ODD_SUBJECTS: readonly string[] = [
  ...["a:b", "a", "a:", ":a", "a/b", "x/../y", "..", "x", "y", "*", "?", "[a]", "%", "_", "a%"],
  ...["🚀", "Zürich", "with space", 'quo"te', "apos'trophe", "back\\slash", "line\nbreak", "A", "0", "00"],
  ...["__proto__", "constructor", "toString", "undefined", "null"],
];

/** Cases about list and removeAll. A store with neither passes. */
export const subjectCases: readonly TrialCase[] = [
  { name: "an unknown subject has no sessions to list or end", run: unknownSubject },
  { name: "list returns one row per session of the subject, with its times and meta", run: listRows },
  { name: "list shows what touch and update wrote", run: listIsCurrent },
  { name: "list omits other subjects' sessions, anonymous and removed ones, and marks", run: listOnlyTheirs },
  { name: "removeAll ends every session of the subject and returns how many", run: removeAllSessions },
  { name: "removeAll ends only the subject's sessions", run: removeAllOnlyTheirs },
  { name: "removeAll spares the session given as except", run: removeAllExcept },
  { name: "removeAll ends all sessions if except is not the subject's", run: removeAllExceptUnknown },
  { name: "sessions ended by removeAll do not come back", run: removeAllIsFinal },
  { name: "a subject may have any name", run: oddSubjects },
  { name: "subjects may start with each other's names", run: oddEndings },
];

function row({ key, record }: Begun): SessionInfo {
  return infoOf({ id: key.id, ...record });
}

/** Only what a list shows of a session. */
function infoOf({ id, startedAt, seenAt, expiresAt, meta, idleTimeout, absoluteTimeout }: SessionInfo): SessionInfo {
  const timeouts = {
    ...(idleTimeout !== undefined && { idleTimeout }),
    ...(absoluteTimeout !== undefined && { absoluteTimeout }),
  };
  return { id, startedAt, seenAt, expiresAt, ...(meta !== undefined && { meta }), ...timeouts };
}

function byId(left: { id: string }, right: { id: string }): number {
  return left.id < right.id ? -1 : 1;
}

/** Checks the subject's rows, in any order. */
export async function lists(trial: Trial, subject: string, sessions: Begun[]): Promise<void> {
  const rows = await trial.store.list?.(subject);
  if (rows === undefined) return;
  expectThat(Array.isArray(rows), "a list", rows);
  if (!trial.store.guarantees.immediate) return;
  expectEqual("the list of sessions", rows.map(infoOf).sort(byId), sessions.map(row).sort(byId));
}

/** Ends the subject's sessions. False if the store cannot. */
async function ends(trial: Trial, subject: string, count: number, options?: { except: string }): Promise<boolean> {
  const found = await trial.store.removeAll?.(subject, options);
  if (found === undefined) return false;
  expectThat(Number.isInteger(found) && found >= 0, "how many sessions were ended", found);
  if (trial.store.guarantees.immediate) expectEqual("how many sessions were ended", found, count);
  return true;
}

/** Creates that many sessions of one subject. */
export async function beginAll(trial: Trial, subject: string, count: number): Promise<Begun[]> {
  const sessions: Begun[] = [];
  for (let index = 0; index < count; index++) sessions.push(await trial.begin({ subject, data: `{"index":${index}}` }));
  return sessions;
}

async function unknownSubject(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const rows = await trial.store.list?.(subject);
  if (rows !== undefined) expectEqual("the list of sessions", rows, []);
  const count = await trial.store.removeAll?.(subject);
  if (count !== undefined) expectEqual("how many sessions were ended", count, 0);
}

async function listRows(trial: Trial): Promise<void> {
  const { now } = trial;
  const subject = trial.subject();
  const first = await trial.begin({ subject, meta: { device: "phone", place: "Zürich 🚀" } });
  const second = await trial.begin({ subject, startedAt: now - 7, seenAt: now - 5, expiresAt: now + 2 * HOUR });
  await lists(trial, subject, [first, second]);
}

async function listIsCurrent(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const [touched, updated] = [await trial.begin({ subject }), await trial.begin({ subject })];
  const now = trial.now + 60;
  const expiresAt = now + 2 * HOUR;
  trial.touched(await trial.store.touch(touched.key, { now, expiresAt }), true);
  trial.written(await trial.store.update(updated.key, NO_CHANGE, { now, expiresAt }), 2);
  const slid = [touched, updated].map(({ key, record }) => ({ key, record: { ...record, seenAt: now, expiresAt } }));
  await lists(trial, subject, slid);
}

async function listOnlyTheirs(trial: Trial): Promise<void> {
  const subject = trial.subject();
  await trial.begin();
  await trial.begin({ subject: trial.subject() });
  const removed = await trial.begin({ subject });
  await trial.store.remove(removed.key);
  const kept = await trial.begin({ subject });
  const moved = await trial.move(await trial.begin({ subject }));
  await lists(trial, subject, [kept, moved]);
}

async function removeAllSessions(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const sessions = await beginAll(trial, subject, 5);
  if (!(await ends(trial, subject, 5))) return;
  for (const { key } of sessions) await trial.lacks(key);
  await lists(trial, subject, []);
  await ends(trial, subject, 0);
}

async function removeAllOnlyTheirs(trial: Trial): Promise<void> {
  const [subject, other] = [trial.subject(), trial.subject()];
  await beginAll(trial, subject, 2);
  const others = await beginAll(trial, other, 2);
  const nobody = await trial.begin();
  await ends(trial, subject, 2);
  for (const { key, record } of [...others, nobody]) await trial.has(key, record);
  await lists(trial, other, others);
}

async function removeAllExcept(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const [spared, ...others] = (await beginAll(trial, subject, 4)) as [Begun, ...Begun[]];
  if (!(await ends(trial, subject, 3, { except: spared.key.id }))) return;
  await trial.has(spared.key, spared.record);
  for (const { key } of others) await trial.lacks(key);
  await lists(trial, subject, [spared]);
}

async function removeAllExceptUnknown(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const foreign = await trial.begin({ subject: trial.subject() });
  const sessions = await beginAll(trial, subject, 2);
  if (!(await ends(trial, subject, 2, { except: foreign.key.id }))) return;
  for (const { key } of sessions) await trial.lacks(key);
  await trial.has(foreign.key, foreign.record);
}

async function removeAllIsFinal(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ subject: trial.subject() });
  if (!(await ends(trial, record.subject as string, 1))) return;
  const options = { now, expiresAt: now + HOUR };
  trial.refused(await store.update(key, { set: [["a", "1"]], unset: [] }, options), "gone");
  trial.touched(await store.touch(key, options), false);
  trial.refused(await store.replace(key, await trial.key(record.subject), NO_CHANGE, record, LOGIN), "gone");
  await trial.lacks(key);
}

async function oddEndings(trial: Trial): Promise<void> {
  const own = trial.subject();
  const sessions = new Map<string, Begun>();
  for (const odd of ODD_SUBJECTS) sessions.set(own + odd, await trial.begin({ subject: own + odd }));
  for (const [subject, begun] of sessions) await lists(trial, subject, [begun]);
  for (const [subject, { key }] of sessions) {
    if (!(await ends(trial, subject, 1))) return;
    await trial.lacks(key);
    sessions.delete(subject);
    for (const [, other] of sessions) await trial.has(other.key, other.record);
  }
}

/** The database may hold other sessions of these subjects, so only those of this case are checked. */
async function oddSubjects(trial: Trial): Promise<void> {
  const { store } = trial;
  const sessions: Begun[] = [];
  for (const subject of ODD_SUBJECTS) sessions.push(await trial.begin({ subject }));
  const ids = new Set(sessions.map(({ key }) => key.id));
  for (const { key, record } of sessions) {
    await trial.has(key, record);
    const rows = await store.list?.(record.subject as string);
    if (rows === undefined || !store.guarantees.immediate) continue;
    const found = rows.map(({ id }) => id).filter((id) => ids.has(id));
    expectEqual(`the ids of ${JSON.stringify(record.subject)}`, found, [key.id]);
  }
  for (const { key } of sessions) await store.remove(key);
}
