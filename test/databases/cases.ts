/** What a store on a server of many connections is held to besides the contract: logins at the same time, odd subjects, sweeps, and leaks. */
import { describe, expect, it } from "vitest";
import { newSessionId } from "../../src/ground/session-id.ts";
import { createSessions, StoreError } from "../../src/index.ts";
import type { SessionRecord } from "../../src/session/record.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";

const HOUR = 3600;
const now = Math.floor(Date.now() / 1000);
const record: SessionRecord = { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR };
const newKey = () => ({ id: newSessionId() });
const times = (count: number) => Array.from({ length: count }, (_none, index) => index);
const LOGIN = { by: "login", graceSeconds: 0 } as const;
const NO_CHANGE = { set: [], unset: [] };

export function serverCases(store: () => SqlSessionStore): void {
  describe("logins of one user at the same time", () => {
    it.each([1, 2, 5])("leave no more than %i sessions, and one of theirs", async (maxSessions) => {
      for (const _round of times(5)) {
        const subject = `user-${newSessionId()}`;
        const keys = times(20).map(newKey);
        await Promise.all(keys.map((key) => store().create(key, { ...record, subject }, { maxSessions })));
        const left = await store().list(subject);
        expect(left.length).toBe(maxSessions);
        for (const { id } of left) expect(keys.map((key) => key.id)).toContain(id);
      }
    });

    it("from visitors' sessions too", async () => {
      for (const _round of times(5)) {
        const subject = `user-${newSessionId()}`;
        const visitors = times(10).map(newKey);
        for (const key of visitors) await store().create(key, record);
        const user = { ...record, subject };
        const moves = visitors.map((key) => store().replace(key, newKey(), NO_CHANGE, user, { ...LOGIN, maxSessions: 2 }));
        expect((await Promise.all(moves)).every(({ ok }) => ok)).toBe(true);
        expect((await store().list(subject)).length).toBe(2);
      }
    });

    it("of 20 moves of one session, one is made, and its data goes along", async () => {
      for (const _round of times(5)) {
        const subject = `user-${newSessionId()}`;
        const key = newKey();
        await store().create(key, { ...record, data: '{"cart":["apple"]}' });
        const next = times(20).map(newKey);
        const user = { ...record, subject };
        const results = await Promise.all(
          next.map((to) => store().replace(key, to, NO_CHANGE, user, { ...LOGIN, maxSessions: 1 })),
        );
        const made = results.findIndex(({ ok }) => ok);
        expect(results.filter(({ ok }) => ok).length).toBe(1);
        expect(await store().load(next[made] as { id: string }, { now })).toMatchObject({
          data: '{"cart":["apple"]}',
          version: 2,
        });
        expect((await store().list(subject)).map(({ id }) => id)).toEqual([next[made]?.id]);
      }
    });
  });

  it("a session that moves on and on while it is removed does not survive", async () => {
    for (const _round of times(20)) {
      const keys = times(6).map(newKey);
      const first = keys[0] as { id: string };
      await store().create(first, record);
      const moving = (async () => {
        for (const [index, to] of keys.slice(1).entries())
          await store().replace(keys[index] as { id: string }, to, NO_CHANGE, record, { by: "regenerateId", graceSeconds: 10 });
      })();
      await Promise.all([moving, store().remove(first)]);
      for (const key of keys) expect(await store().load(key, { now })).toBeNull();
    }
  });

  it("a load that writes use down says what was there then, whatever else happens at the same time", async () => {
    const key = newKey();
    await store().create(key, { ...record, seenAt: now - 100 });
    const touch = { seenAfter: 0, seenBefore: now - 50, expiresAt: now + 2 * HOUR };
    const set = (index: number) => store().update(key, { set: [[`k${index}`, "1"]], unset: [] }, { now, expiresAt: now + HOUR });
    const found = await Promise.all(times(20).flatMap((index) => [store().load(key, { now, touch }), set(index)]));
    for (const one of found.filter((_one, index) => index % 2 === 0)) expect(one).toMatchObject({ seenAt: now });
    expect(await store().load(key, { now })).toMatchObject({ version: 21 });
  });

  it("tells subjects apart that a database may take for the same", async () => {
    const subjects = [
      "ada",
      "Ada",
      "ada ",
      "ada  ",
      " ada",
      "adá",
      "ada\u0301",
      "ADA",
      "ada\u0000",
      "ада",
      "%",
      "%0020",
      "ada%0020",
    ];
    const names = subjects.map((subject) => `${newSessionId().slice(0, 8)}`.concat("/", subject));
    const keys = names.map(newKey);
    for (const [index, key] of keys.entries()) await store().create(key, { ...record, subject: names[index] as string });
    for (const [index, subject] of names.entries())
      expect((await store().list(subject)).map(({ id }) => id)).toEqual([keys[index]?.id]);
    expect(await store().load(keys[2] as { id: string }, { now })).toMatchObject({ subject: names[2] });
    for (const subject of names) expect(await store().removeAll(subject)).toBe(1);
  });

  it("sweeps what has expired, in steps, and nothing else", async () => {
    const keys = times(30).map(newKey);
    for (const [index, key] of keys.entries())
      await store().create(key, { ...record, seenAt: 1, startedAt: 1, expiresAt: index });
    expect(await store().sweep(10)).toBeGreaterThanOrEqual(11);
    const left = await Promise.all(keys.map((key) => store().load(key, { now: 0 })));
    expect(left.map((one) => one !== null)).toEqual(keys.map((_key, index) => index > 10));
    expect(await store().sweep(29)).toBe(19);
    expect(await store().sweep(29)).toBe(0);
  });

  it("says of an id that is taken no more than the database's code", async () => {
    const key = newKey();
    const secret = { ...record, data: '{"card":"4111-1111"}', subject: "somebody@example.com" };
    await store().create(key, secret);
    const error = await store()
      .create(key, secret)
      .then(
        () => undefined,
        (thrown: Error) => thrown,
      );
    expect(error).toMatchObject({ code: expect.stringMatching(/^(23505|ER_DUP_ENTRY)$/), retryable: false });
    const text = [error?.message, error?.stack, JSON.stringify(error), String(error?.cause)].join("\n");
    for (const bound of [key.id, "4111", "somebody"]) expect(text).not.toContain(bound);
  });
}

/** Calls every kind of statement that writes, as a role of production may. */
export async function usesTheTable(store: SqlSessionStore): Promise<void> {
  const [key, to] = [newKey(), newKey()];
  const user = { ...record, subject: "ada" };
  await store.create(key, user, { maxSessions: 1 });
  await store.replace(key, to, { set: [["a", "1"]], unset: [] }, user, { by: "regenerateId", graceSeconds: 0, maxSessions: 2 });
  expect(await store.load(to, { now })).toMatchObject({ data: '{"a":1}', version: 2 });
  await store.remove(key);
  expect(await store.load(to, { now })).toBeNull();
  expect(await store.sweep(now)).toBe(0);
}

/** An application whose requests set a key of their own and count; what fails is answered as frameworks do. */
export function countingApp(store: SqlSessionStore) {
  const faults: unknown[] = [];
  let acts = 0;
  const sessions = createSessions<Record<string, number>>({ secrets: SECRET, store });
  const handle = sessions.handler(async (request, session) => {
    const path = new URL(request.url).pathname;
    if (path !== "/") {
      session.data[path] = ++acts;
      await session.update((data) => (data.count = (data.count ?? 0) + 1));
    }
    return Response.json(session.data);
  });
  const serve = (request: Request) =>
    handle(request).catch((error: unknown) => {
      faults.push(error);
      return error instanceof StoreError ? error.getResponse() : new Response(String(error), { status: 500 });
    });
  return { faults, newBrowser: () => new Browser(serve) };
}
