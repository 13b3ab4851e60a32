/**
 * The store contract for timeouts that a login set for one session: they stay with its record and affect no other.
 *
 * @module
 */
import type { SessionRecord } from "../../session/record.ts";
import { lists } from "./subjects.ts";
import { HOUR, LOGIN, NEW_ID, type Trial, type TrialCase } from "./trial.ts";

const DAY = 24 * HOUR;
const OWN = { idleTimeout: 90 * DAY, absoluteTimeout: 365 * DAY };
const META = { device: "phone", idleTimeout: "a text", "0": "[1]" };

/** What a login may store with its session, in every combination. */
const SAID: readonly Partial<SessionRecord>[] = [OWN, { idleTimeout: 1 }, { absoluteTimeout: 400 * DAY }, {}].flatMap((own) => [
  own,
  { ...own, meta: META },
  { ...own, meta: {} },
]);

/** Cases about a session's own timeouts. */
export const ownTimeoutCases: readonly TrialCase[] = [
  { name: "a record's own timeouts load unchanged, and only if it has any", run: roundTrip },
  { name: "update, touch and load with touch keep a record's own timeouts", run: staysAsItIs },
  { name: "replace sets the timeouts it is given, and drops the others", run: moves },
  { name: "take returns a record's own timeouts", run: taken },
  { name: "list shows each session's own timeouts", run: listed },
  { name: "a record's own timeouts never end it before its expiry", run: livesOn },
];

async function roundTrip(trial: Trial): Promise<void> {
  for (const said of SAID) {
    const { key, record } = await trial.begin({ subject: trial.subject(), ...said });
    await trial.has(key, record);
  }
}

async function staysAsItIs(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const { key, record } = await trial.begin({ data: "{}", subject: trial.subject(), meta: META, ...OWN });
  const at = (seconds: number) => ({ now: now + seconds, expiresAt: now + seconds + HOUR });
  const seen = (seconds: number) => ({ ...record, seenAt: now + seconds, expiresAt: now + seconds + HOUR });
  trial.touched(await store.touch(key, at(10)), true);
  await trial.has(key, seen(10), now + 10);
  const touch = { ...at(20), seenAfter: 0, seenBefore: now + 10 };
  trial.isRecord(await store.load(key, { now: now + 20, touch }), seen(20));
  trial.written(await store.update(key, { set: [["a", "1"]], unset: [] }, at(30)), 2);
  await trial.has(key, { ...seen(30), data: '{"a":1}', version: 2 }, now + 30);
}

async function moves(trial: Trial): Promise<void> {
  const subject = trial.subject();
  let { key } = await trial.begin();
  let version = 1;
  // `regenerateId` keeps the timeouts. A login may set others, or none.
  for (const said of [OWN, { idleTimeout: 900, absoluteTimeout: DAY }, { ...OWN, meta: META }, { meta: META }, {}]) {
    for (const move of [LOGIN, NEW_ID]) {
      const next = await trial.key(subject);
      const record = trial.record({ subject, ...said });
      trial.written(await trial.store.replace(key, next, { set: [], unset: [] }, record, move), ++version);
      await trial.has(next, { ...record, version });
      key = next;
    }
  }
}

async function taken(trial: Trial): Promise<void> {
  for (const said of SAID) {
    const { key, record } = await trial.begin(said);
    trial.took(await trial.store.take(key), record);
  }
}

async function listed(trial: Trial): Promise<void> {
  const subject = trial.subject();
  const sessions = [];
  for (const said of SAID) sessions.push(await trial.begin({ subject, ...said }));
  await lists(trial, subject, sessions);
}

async function livesOn(trial: Trial): Promise<void> {
  const { key, record } = await trial.begin({ idleTimeout: 10, absoluteTimeout: 20 });
  await trial.has(key, record, record.expiresAt - 1);
}
