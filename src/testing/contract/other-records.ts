/**
 * The store contract for records that are not sessions, such as that of a redeemed token. They belong to no subject.
 *
 * @module
 */
import { encodeBase64url } from "../../ground/encoding.ts";
import type { Key, SessionRecord } from "../../session/record.ts";
import { expectEqual, expectLegalLoad, expectThat } from "./expect.ts";
import { lists } from "./subjects.ts";
import { HOUR, type Trial, type TrialCase } from "./trial.ts";

const TEN_YEARS = 87_600 * HOUR;
const HASH_BYTES = 32;

/** Cases about records that are not sessions. */
export const otherRecordCases: readonly TrialCase[] = [
  { name: "a split store always routes a record that is not a session to the same part", run: sameRoute },
  { name: "a record that is not a session stays unchanged for years", run: livesForYears },
  { name: "create does not overwrite a record that is not a session", run: createTwice },
  { name: "of ten parallel creates of a record that is not a session, one succeeds", run: creates },
  { name: "a record that is not a session is in no list, and removeAll and maxSessions leave it alone", run: nobodys },
  { name: "a record that is not a session can be taken and removed", run: takenAndRemoved },
];

/** The key of such a record. Its id contains a hash and always has this length. */
async function otherKey({ store }: Trial): Promise<Key> {
  const id = `redeemed-${encodeBase64url(crypto.getRandomValues(new Uint8Array(HASH_BYTES)))}`;
  return store.recordRoute === undefined ? { id } : { id, route: await store.recordRoute(id) };
}

async function sameRoute(trial: Trial): Promise<void> {
  const { store } = trial;
  const [first, second] = [await otherKey(trial), await otherKey(trial)];
  expectEqual("whether there is recordRoute", store.recordRoute !== undefined, store.route !== undefined);
  if (store.recordRoute === undefined) return;
  for (const { id, route } of [first, second, first]) {
    const again = await store.recordRoute(id);
    expectThat(typeof again === "string" && again !== "", "a route, as text", again);
    expectEqual("the route of the same id", again, route);
  }
  const record = trial.record({ data: '{"sid":"first"}' });
  await store.create(first, record);
  await trial.has({ id: first.id, route: await store.recordRoute(first.id) }, record);
}

async function livesForYears(trial: Trial): Promise<void> {
  const key = await otherKey(trial);
  const data = '{"sid":"0123456789abcdef","route":"u-1_2","by":"login"}';
  const record = trial.record({ data, startedAt: trial.now, expiresAt: trial.now + TEN_YEARS });
  await trial.store.create(key, record);
  await trial.has(key, record);
  await trial.has(key, record, record.expiresAt - 1);
}

async function createTwice(trial: Trial): Promise<void> {
  const { store } = trial;
  const key = await otherKey(trial);
  const record = trial.record({ data: '{"sid":"first"}' });
  await store.create(key, record);
  const threw = await store.create(key, { ...record, data: '{"sid":"second"}' }).then(
    () => false,
    () => true,
  );
  if (!store.guarantees.atomic) return expectLegalLoad(await store.load(key, { now: trial.now }));
  expectEqual("whether create throws where there is a record", threw, true);
  await trial.has(key, record);
}

async function creates(trial: Trial): Promise<void> {
  const { store, now } = trial;
  const key = await otherKey(trial);
  const records = Array.from({ length: 10 }, (_none, index) => trial.record({ data: `{"sid":"number ${index}"}` }));
  const results = await Promise.allSettled(records.map((record) => store.create(key, record)));
  expectLegalLoad(await store.load(key, { now }));
  if (!trial.judged) return;
  const made = records.filter((_record, index) => results[index]?.status === "fulfilled");
  expectEqual("how many creates were made", made.length, 1);
  await trial.has(key, made[0] as SessionRecord);
}

async function nobodys(trial: Trial): Promise<void> {
  const { store } = trial;
  const subject = trial.subject();
  const session = await trial.begin({ subject, seenAt: trial.now - 10 });
  const key = await otherKey(trial);
  const record = trial.record({ data: JSON.stringify({ subject, sid: session.key.id }), seenAt: trial.now - 20 });
  await store.create(key, record);
  await lists(trial, subject, [session]);
  for (const name of ["undefined", "null", key.id, session.key.id]) {
    const rows = (await store.list?.(name)) ?? [];
    expectEqual(`whether it is in the list of ${name}`, rows.map(({ id }) => id).includes(key.id), false);
  }
  await store.create(await trial.key(subject), trial.record({ subject }), { maxSessions: 1 });
  await store.removeAll?.(subject);
  await trial.has(key, record);
}

async function takenAndRemoved(trial: Trial): Promise<void> {
  const { store } = trial;
  const [taken, removed] = [await otherKey(trial), await otherKey(trial)];
  const record = trial.record({ data: '{"sid":"first"}' });
  for (const key of [taken, removed]) await store.create(key, record);
  trial.took(await store.take(taken), record);
  await store.remove(removed);
  for (const key of [taken, removed]) {
    await trial.lacks(key);
    trial.took(await store.take(key), null);
  }
}
