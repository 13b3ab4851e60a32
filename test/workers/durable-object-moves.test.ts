/** Sessions that move from one object to another, with everything else going on. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { isMoved, type UpdateResult } from "../../src/session/record.ts";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import {
  begin,
  between,
  HOUR,
  type Intercept,
  LOGIN,
  NEW_ID,
  NO_CHANGE,
  NOTHING,
  NOW,
  newKey,
  type Place,
  record,
  stored,
} from "./objects.ts";

const store = durableObject(env.SESSIONS);
const slide = { now: NOW, expiresAt: NOW + HOUR };
const numbers = (count: number) => Array.from({ length: count }, (_none, index) => index);

const set = (key: Place, name: string) => store.update(key, { set: [[name, "true"]], unset: [] }, slide);
const login = (from: Place, to: Place, subject: string, move = LOGIN) =>
  store.replace(from, to, { set: [["cart", "1"]], unset: [] }, record({ subject }), move);

async function dataOf(key: Place): Promise<string[] | null> {
  const found = await store.load(key, { now: NOW });
  return found === null || isMoved(found) ? null : Object.keys(JSON.parse(found.data)).sort();
}

/** A store where somebody else comes first, once or always, just before a method is called. */
function meeting(method: string, what: () => Promise<unknown>, times = 1) {
  let left = times;
  return durableObject(
    between(async (name, _route, call) => {
      if (name === method && left-- > 0) await what();
      return call();
    }),
  );
}

describe("a session that moves to another object", () => {
  it("takes along an update that comes between the copy and the mark", async () => {
    const [from, to] = [await begin(store), await newKey(store, "ada")];
    const late = meeting("leave", () => set(from, "late"));
    expect(await late.replace(from, to, NO_CHANGE, record({ subject: "ada" }), LOGIN)).toEqual({
      ok: true,
      version: 3,
    });
    expect(await dataOf(to)).toEqual(["late"]);
  });

  it("is gone, and not at its new place either, when it is removed meanwhile", async () => {
    const [from, to] = [await begin(store), await newKey(store, "bob")];
    const late = meeting("leave", () => store.remove(from));
    expect(await late.replace(from, to, NO_CHANGE, record({ subject: "bob" }), NEW_ID)).toEqual({
      ok: false,
      why: "gone",
    });
    expect(await stored(from)).toEqual(NOTHING);
    expect(await stored(to)).toEqual(NOTHING);
  });

  it("moves to one place only when it is moved elsewhere meanwhile", async () => {
    const [from, first, second] = [await begin(store), await newKey(store, "cleo"), await newKey(store, "dora")];
    const late = meeting("leave", () => login(from, first, "cleo"));
    expect(await late.replace(from, second, NO_CHANGE, record({ subject: "dora" }), NEW_ID)).toEqual({
      ok: false,
      why: "moved",
    });
    expect(await dataOf(first)).toEqual(["cart"]);
    expect(await stored(second)).toEqual(NOTHING);
  });

  it("ends no other session of its user by a copy that was made in vain", async () => {
    const [from, first, second] = [await begin(store), await newKey(store, "kira"), await newKey(store, "kira")];
    const limited = { ...LOGIN, maxSessions: 1 };
    const late = meeting("leave", () => login(from, first, "kira", limited));
    expect(await late.replace(from, second, NO_CHANGE, record({ subject: "kira" }), limited)).toEqual({
      ok: false,
      why: "moved",
    });
    expect(await dataOf(first)).toEqual(["cart"]);
    expect((await stored(second)).ids).toEqual([first.id]);
  });

  it("gives up, and is where it was, when it is changed all the time", async () => {
    const [from, to] = [await begin(store), await newKey(store, "emil")];
    const late = meeting("leave", () => set(from, "late"), Number.POSITIVE_INFINITY);
    const moving = late.replace(from, to, NO_CHANGE, record({ subject: "emil" }), LOGIN);
    await expect(moving).rejects.toMatchObject({ code: "CONFLICT", retryable: true });
    expect(await dataOf(from)).toEqual(["late"]);
    expect(await stored(to)).toEqual(NOTHING);
  });

  it("does not come back when all its user's sessions end between the copy and the mark", async () => {
    const [from, to] = [await begin(store), await newKey(store, "finn")];
    const late = meeting("leave", () => store.removeAll("finn"));
    await late.replace(from, to, NO_CHANGE, record({ subject: "finn" }), LOGIN);
    expect(await store.list("finn")).toEqual([]);
    expect(await dataOf(from)).toBeNull();
  });
});

describe("a login whose second step fails", () => {
  const failing = (methods: string[]): Intercept => {
    return (name, _route, call) => (methods.includes(name) ? Promise.reject(new Error(`no ${name}`)) : call());
  };

  it("fails, ends the new session, and leaves the old one", async () => {
    const [from, to] = [await begin(store), await newKey(store, "gwen")];
    const broken = durableObject(between(failing(["leave"])));
    await expect(broken.replace(from, to, NO_CHANGE, record({ subject: "gwen" }), LOGIN)).rejects.toThrow("no leave");
    expect(await dataOf(from)).toEqual([]);
    expect(await stored(to)).toEqual(NOTHING);
  });

  it("fails with the first error when the new session cannot be ended either; that one can be revoked", async () => {
    const [from, to] = [await begin(store), await newKey(store, "hugo")];
    const broken = durableObject(between(failing(["leave", "remove"])));
    await expect(broken.replace(from, to, NO_CHANGE, record({ subject: "hugo" }), LOGIN)).rejects.toThrow("no leave");
    expect(await store.removeAll("hugo")).toBe(1);
  });

  it("fails with nothing changed when the first step fails", async () => {
    const [from, to] = [await begin(store), await newKey(store, "ines")];
    const broken = durableObject(between(failing(["create"])));
    await expect(broken.replace(from, to, NO_CHANGE, record({ subject: "ines" }), LOGIN)).rejects.toThrow("no create");
    expect(await dataOf(from)).toEqual([]);
    expect(await stored(to)).toEqual(NOTHING);
  });
});

describe("sessions that move between objects at the same time as other calls", () => {
  it("20 rounds: every update that was made is taken along", async () => {
    for (const round of numbers(20)) {
      const subject = `racer${round}`;
      const [from, to] = [await begin(store), await newKey(store, subject)];
      const early = numbers(round % 5).map((index) => set(from, `early${index}`));
      const moving = login(from, to, subject);
      const late = numbers(8).map((index) => set(from, `late${index}`));
      const results = await Promise.all([...early, ...late]);
      expect((await moving).ok).toBe(true);
      const names = [...early.map((_none, index) => `early${index}`), ...late.map((_none, index) => `late${index}`)];
      const made = names.filter((_name, index) => results[index]?.ok);
      expect(await dataOf(to)).toEqual(["cart", ...made].sort());
    }
  });

  it("20 rounds: of moves to different users, one is made", async () => {
    for (const round of numbers(20)) {
      const from = await begin(store);
      const subjects = numbers(4).map((index) => `suitor${round}-${index}`);
      const keys = await Promise.all(subjects.map((subject) => newKey(store, subject)));
      const results = await Promise.all(keys.map((to, index) => login(from, to, subjects[index] as string)));
      const made = keys.filter((_key, index) => results[index]?.ok);
      expect(made).toHaveLength(1);
      const why = (result: UpdateResult) => (result.ok ? [] : [result.why]);
      expect(results.flatMap(why)).toEqual(["moved", "moved", "moved"]);
      for (const key of keys) expect(await dataOf(key)).toEqual(made.includes(key) ? ["cart"] : null);
    }
  });

  it("20 rounds: a remove at the same time or just after ends it, whichever comes first", async () => {
    for (const round of numbers(20)) {
      const subject = `leaver${round}`;
      const [from, to] = [await begin(store), await newKey(store, subject)];
      const removing = round % 4 < 2 ? store.remove(from) : undefined;
      const { ok } = await login(from, to, subject, round % 2 === 0 ? NEW_ID : LOGIN);
      if (removing === undefined) expect(ok).toBe(true);
      await (removing ?? store.remove(from));
      for (const key of [from, to]) expect(await stored(key)).toEqual(NOTHING);
    }
  });
});

describe("a session that moved through several objects", () => {
  /** A visitor who got a new id, and then logged in. */
  async function chain(): Promise<[Place, Place, Place]> {
    const keys: [Place, Place, Place] = [await begin(store), await newKey(store), await newKey(store, "kim")];
    await store.replace(keys[0], keys[1], NO_CHANGE, record(), NEW_ID);
    await store.replace(keys[1], keys[2], NO_CHANGE, record({ subject: "kim" }), LOGIN);
    return keys;
  }

  it("is ended through its first id, and nothing is left anywhere", async () => {
    const keys = await chain();
    await store.remove(keys[0]);
    for (const key of keys) expect(await stored(key)).toEqual(NOTHING);
  });

  it("can still be ended through its first id after an attempt failed half-way", async () => {
    const keys = await chain();
    const broken = durableObject(
      between((name, route, call) => (name === "remove" && route === keys[2].route ? Promise.reject(new Error("down")) : call())),
    );
    await expect(broken.remove(keys[0])).rejects.toThrow("down");
    expect(await dataOf(keys[2])).toEqual([]);
    await store.remove(keys[0]);
    for (const key of keys) expect(await stored(key)).toEqual(NOTHING);
  });
});
