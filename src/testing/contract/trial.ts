/**
 * A store on trial: its keys and records, and what it is held to by the guarantees it declares.
 *
 * @module
 */

import { newSessionId } from "../../ground/session-id.ts";
import type { Patch } from "../../session/patch.ts";
import { isMoved, type Key, type Move, type MovedMark, type SessionRecord, type UpdateResult } from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { expectEqual, expectLegalLoad, expectLegalResult, expectLegalTake, expectThat, plainRecord } from "./expect.ts";

/** A case before it has its store. */
export interface TrialCase {
  readonly name: string;
  run(trial: Trial): Promise<void>;
}

/** A session that a case has begun with. */
export interface Begun {
  readonly key: Key;
  readonly record: SessionRecord;
}

/** Seconds. */
export const HOUR = 3600;

/** A patch that changes no key. */
export const NO_CHANGE: Patch = { set: [], unset: [] };

/** A login, and a new id, neither with grace. */
export const LOGIN: Move = { by: "login", graceSeconds: 0 };
export const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };

/** One store in one case. */
export class Trial {
  readonly store: SessionStore;
  /** Real time, since a real store's own expiry runs by it. */
  readonly now: number = Math.floor(Date.now() / 1000);
  /** Whether one call sees what the calls before it did. An atomic store's changes do, even when its reads may lag. */
  readonly ordered: boolean;
  /** Whether what happens at the same time can be judged. */
  readonly judged: boolean;
  /** Whether what replace leaves is followed, and can be judged. */
  readonly marks: boolean;

  constructor(store: SessionStore) {
    const { atomic, immediate, marks } = store.guarantees;
    expectThat(typeof atomic === "boolean" && typeof immediate === "boolean", "guarantees to be declared", store.guarantees);
    expectThat(marks === undefined || marks === false, 'the guarantee "marks" to be false or missing', store.guarantees);
    this.store = store;
    this.ordered = atomic || immediate;
    this.judged = atomic && immediate;
    this.marks = marks !== false;
  }

  /** A key that no store has seen, where the store wants the subject's sessions. */
  async key(subject?: string): Promise<Key> {
    const id = newSessionId();
    return this.store.route === undefined ? { id } : { id, route: await this.store.route(subject) };
  }

  /** A subject that no store has seen. */
  subject(): string {
    return `user-${newSessionId()}`;
  }

  /** A record; no two of its numbers are the same. */
  record(fields: Partial<SessionRecord> = {}): SessionRecord {
    const { now } = this;
    return { data: "{}", version: 1, startedAt: now - 100, seenAt: now, expiresAt: now + HOUR, ...fields };
  }

  /** A record in the store, at a key of its own. */
  async begin(fields: Partial<SessionRecord> = {}): Promise<Begun> {
    const record = this.record(fields);
    const key = await this.key(record.subject);
    await this.store.create(key, record);
    return { key, record };
  }

  /** Gives a session a new key, with nothing else changed. */
  async move({ key, record }: Begun, move: Move = NEW_ID): Promise<Begun> {
    const next = await this.key(record.subject);
    const result = await this.store.replace(key, next, NO_CHANGE, record, move);
    this.written(result, record.version + 1);
    return { key: next, record: { ...record, version: record.version + 1 } };
  }

  /** The key loads as this record. */
  async has(key: Key, record: SessionRecord, now: number = this.now): Promise<void> {
    this.isRecord(await this.store.load(key, { now }), record);
  }

  /** This is the record; in a store that is not immediate, also nothing, a mark, or an earlier state of it. */
  isRecord(found: SessionRecord | MovedMark | null, record: SessionRecord): void {
    expectLegalLoad(found);
    if (this.store.guarantees.immediate) {
      expectThat(found !== null && !isMoved(found), "a record", found);
      expectEqual("the record", plainRecord(found), plainRecord(record));
    } else if (found !== null && !isMoved(found)) {
      expectThat(found.version <= record.version, `a version up to ${record.version}`, found);
      expectEqual("the subject", found.subject, record.subject);
    }
  }

  /** The key loads as nothing. */
  async lacks(key: Key, now: number = this.now): Promise<void> {
    const found = await this.store.load(key, { now });
    expectLegalLoad(found);
    if (this.store.guarantees.immediate) expectEqual("what is loaded", found, null);
  }

  /** The key loads as this mark. */
  async hasMark(key: Key, mark: MovedMark, now: number = this.now): Promise<void> {
    const found = await this.store.load(key, { now });
    expectLegalLoad(found);
    if (!this.store.guarantees.immediate) return;
    if (this.marks) expectEqual("the mark of the session that moved", found, mark);
    else expectThat(found === null || isMoved(found), "nothing, or a mark, where a session was", found);
  }

  /** The change was made, and the record has this version now. */
  written(result: UpdateResult, version: number): void {
    expectLegalResult(result);
    if (this.ordered) expectEqual("the result", result, { ok: true, version });
  }

  /** The change was not made. */
  refused(result: UpdateResult, why: Extract<UpdateResult, { ok: false }>["why"]): void {
    expectLegalResult(result);
    if (this.ordered) expectEqual("the result", result, { ok: false, why });
  }

  /** The change was not made, because the session moved. */
  refusedAsMoved(result: UpdateResult): void {
    expectLegalResult(result);
    if (!this.ordered) return;
    if (this.marks) expectEqual("the result", result, { ok: false, why: "moved" });
    else expectThat(!result.ok && result.why !== "conflict", "moved, or gone", result);
  }

  /** What was taken is this record, or nothing. */
  took(taken: SessionRecord | null, record: SessionRecord | null): void {
    expectLegalTake(taken);
    if (!this.ordered) return;
    expectEqual("what was taken", taken && plainRecord(taken), record && plainRecord(record));
  }

  /** Whether there was something to touch. */
  touched(found: boolean, expected: boolean): void {
    expectThat(typeof found === "boolean", "true or false", found);
    if (this.ordered) expectEqual("whether there was something to touch", found, expected);
  }
}
