/** Sessions' objects seen from inside and outside: what they store, what their calls cost, and what fails on the way. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { newSessionId } from "../../src/ground/session-id.ts";
import type { Key, Move, SessionRecord } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import type { ObjectNamespace } from "../../src/stores/durable-object/index.ts";

export const HOUR = 3600;
export const NO_CHANGE = { set: [], unset: [] };
export const LOGIN: Move = { by: "login", graceSeconds: 0 };
export const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };

/** Real time: alarms run by it. */
export const NOW = Math.floor(Date.now() / 1000);

export function record(fields: Partial<SessionRecord> = {}): SessionRecord {
  return { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR, ...fields };
}

export type Place = Key & { readonly route: string };

/** A key for a new session of a subject, or of a visitor. */
export async function newKey(store: SessionStore, subject?: string): Promise<Place> {
  return { id: newSessionId(), route: await (store.route as NonNullable<SessionStore["route"]>)(subject) };
}

/** A new session of a subject, or of a visitor. */
export async function begin(store: SessionStore, fields: Partial<SessionRecord> = {}): Promise<Place> {
  const key = await newKey(store, fields.subject);
  await store.create(key, record(fields));
  return key;
}

export const objectOf = ({ route }: { route: string }) => env.SESSIONS.getByName(route);

/** What an object has stored: the ids of its rows, or null without a table; and its alarm. */
export function stored(place: { route: string }): Promise<{ ids: string[] | null; alarm: number | null }> {
  return runInDurableObject(objectOf(place), async (_object, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT GLOB '_cf_*'").toArray();
    const ids =
      tables.length === 0
        ? null
        : storage.sql
            .exec("SELECT id FROM sessions_v1")
            .toArray()
            .map((row: { id: unknown }) => String(row.id));
    return { ids, alarm: await storage.getAlarm() };
  });
}

/** What an object has stored when it has stored nothing. */
export const NOTHING = { ids: null, alarm: null };

/** A call of an object: its method, its route, and how to make it. */
export type Intercept = (method: string, route: string, call: () => Promise<unknown>) => Promise<unknown>;

/** The real namespace, with somebody between the store and its objects. */
export function between(intercept: Intercept): ObjectNamespace & Required<Pick<ObjectNamespace, "getByName">> {
  return {
    getByName(route) {
      const stub = env.SESSIONS.getByName(route) as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
      const get = (_target: object, method: string) => {
        return (...given: unknown[]) => intercept(method, route, async () => stub[method]?.(...given));
      };
      return new Proxy({}, { get: get as ProxyHandler<object>["get"] & {} });
    },
    jurisdiction: () => between(intercept),
  };
}

/** An error as Workers throw it: when an object cannot be reached, when it was reset in the middle of a call, or has too much to do. */
export function failure(kind: "retryable" | "reset" | "overloaded"): Error {
  const marks = {
    retryable: { retryable: true },
    reset: { durableObjectReset: true, remote: true },
    overloaded: { retryable: true, overloaded: true },
  };
  return Object.assign(new Error(`the object is ${kind}`), marks[kind]);
}

/** How answers are lost: how many, as what, and what happens between the call and its loss. */
export interface Losses {
  readonly times?: number;
  readonly loss?: "retryable" | "reset";
  readonly meanwhile?: () => Promise<unknown>;
}

/** The real namespace, whose objects carry out every call, and whose first answers to a method are lost. */
export function losing(method: string, { times = 1, loss = "retryable", meanwhile = async () => {} }: Losses = {}) {
  let left = times;
  return between(async (name, _route, call) => {
    const answer = await call();
    if (name !== method || left-- <= 0) return answer;
    await meanwhile();
    throw failure(loss);
  });
}
