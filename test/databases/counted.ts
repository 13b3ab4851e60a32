/** What calls of a store cost: how many statements are sent for each, counted at the client. */
import { expect, it } from "vitest";
import type { Move } from "../../src/session/record.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";

const NOW = 1_800_000_000;
const HOUR = 3600;
const record = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR };
const user = { ...record, subject: "counted" };
const late = { now: NOW + 60, expiresAt: NOW + 2 * HOUR };
const slide = { seenAfter: 0, seenBefore: NOW, expiresAt: NOW + 2 * HOUR };
const patch = { set: [["a", '"one"'] as const, ["b", "2"] as const], unset: ["c"] };
const LOGIN: Move = { by: "login", graceSeconds: 0 };
const NEW_ID: Move = { by: "regenerateId", graceSeconds: 10 };
const id = (name: string) => ({ id: `counted-session-${name}` });

/** Each kind of call, and how many statements it is. */
export interface Costs {
  readonly create: number;
  readonly createOfUser: number;
  readonly createNearTheLimit: number;
  readonly load: number;
  readonly loadAndTouch: number;
  readonly update: number;
  readonly updateNotMade: number;
  readonly touch: number;
  readonly login: number;
  readonly newId: number;
  readonly remove: number;
  readonly removeOfNothing: number;
  readonly removeThroughMark: number;
  readonly take: number;
  readonly takeOfNothing: number;
  readonly list: number;
  readonly removeAll: number;
  readonly sweep: number;
}

/** Calls in order, each going on from the one before. `sent` gives how many statements were sent so far. */
export function costsAre(store: () => SqlSessionStore, sent: () => number, costs: Costs): void {
  const calls: [what: keyof Costs, act: (store: SqlSessionStore) => Promise<unknown>][] = [
    ["create", (it) => it.create(id("a"), record)],
    ["createOfUser", (it) => it.create(id("b"), user, { maxSessions: 100 })],
    ["createNearTheLimit", (it) => it.create(id("c"), user, { maxSessions: 9 })],
    ["load", (it) => it.load(id("a"), { now: NOW, touch: { ...slide, seenBefore: 0 } })],
    ["loadAndTouch", (it) => it.load(id("a"), { now: NOW + 1, touch: slide })],
    ["update", (it) => it.update(id("a"), patch, late)],
    ["update", (it) => it.update(id("a"), patch, { ...late, seenAfter: 0, maxBytes: 9999 })],
    ["updateNotMade", (it) => it.update(id("b"), patch, { ...late, ifVersion: 7 })],
    ["touch", (it) => it.touch(id("a"), late)],
    ["login", (it) => it.replace(id("a"), id("d"), patch, { ...user, seenAt: NOW + 60 }, { ...LOGIN, maxSessions: 100 })],
    ["newId", (it) => it.replace(id("d"), id("e"), patch, { ...user, seenAt: NOW + 60 }, NEW_ID)],
    ["list", (it) => it.list("counted")],
    ["remove", (it) => it.remove(id("b"))],
    ["removeOfNothing", (it) => it.remove(id("b"))],
    ["removeThroughMark", (it) => it.remove(id("d"))],
    ["take", (it) => it.take(id("c"))],
    ["takeOfNothing", (it) => it.take(id("c"))],
    ["removeAll", (it) => it.removeAll("counted")],
    ["sweep", (it) => it.sweep(NOW + 60 + HOUR)],
  ];
  it("costs as many statements as its page says", async () => {
    // Once before: the first call of all makes the table, or looks at the connection.
    await store().load(id("nobody"), { now: NOW });
    for (const [what, act] of calls) {
      const before = sent();
      await act(store());
      expect([what, sent() - before]).toEqual([what, costs[what]]);
    }
  });
}
