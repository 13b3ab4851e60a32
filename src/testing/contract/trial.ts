/**
 * A store under test: creates keys and records, and checks results against the guarantees it declares.
 *
 * @module
 */

import { newSessionId } from "../../ground/session-id.ts";
import type { Patch } from "../../session/patch.ts";
import { isMoved, type Key, type Move, type MovedMark, type SessionRecord, type UpdateResult } from "../../session/record.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { expectEqual, expectLegalLoad, expectLegalResult, expectLegalTake, expectThat, plainRecord } from "./expect.ts";

/** A case without its store. */
export interface TrialCase {
  readonly name: string;
  run(trial: Trial): Promise<void>;
}

/** A session at the start of a case. */
export interface Begun {
  readonly key: Key;
  readonly record: SessionRecord;
}

/** Seconds. */
export const HOUR = 3600;

/** A patch that changes no key. */
export const NO_CHANGE: Patch = { set: [], unset: [] };

/** Moves without grace: by a login, and by `regenerateId`. */
export const LOGIN: Move = { by: "login", graceSeconds: 0 };
export const NEW_ID: Move = { by: "regenerateId", graceSeconds: 0 };

/** One store in one case. */
export class Trial {
  readonly store: SessionStore;
  /** Real time, since a real store's own expiry depends on it. */
  readonly now: number = Math.floor(Date.now() / 1000);
  /** Whether a call sees what earlier calls did. In an atomic store changes do, even if its reads may lag. */
  readonly ordered: boolean;
  /** Whether parallel calls can be judged. */
  readonly judged: boolean;
  /** Whether the marks that `replace` leaves can be judged. */
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

  /** A new key, in the part of the store for the subject. */
  async key(subject?: string): Promise<Key> {
    const id = newSessionId();
    return this.store.route === undefined ? { id } : { id, route: await this.store.route(subject) };
  }

  /** A new subject. */
  subject(): string {
    return `user-${newSessionId()}`;
  }

  /** A record whose numbers are all different. */
  record(fields: Partial<SessionRecord> = {}): SessionRecord {
    const { now } = this;
    return { data: "{}", version: 1, startedAt: now - 100, seenAt: now, expiresAt: now + HOUR, ...fields };
  }

  /** Stores a record under a new key. */
  async begin(fields: Partial<SessionRecord> = {}): Promise<Begun> {
    const record = this.record(fields);
    const key = await this.key(record.subject);
    await this.store.create(key, record);
    return { key, record };
  }

  /** Moves a session to a new key and changes nothing else. */
  async move({ key, record }: Begun, move: Move = NEW_ID): Promise<Begun> {
    const next = await this.key(record.subject);
    const result = await this.store.replace(key, next, NO_CHANGE, record, move);
    this.written(result, record.version + 1);
    return { key: next, record: { ...record, version: record.version + 1 } };
  }

  /** Loading the key returns this record. */
  async has(key: Key, record: SessionRecord, now: number = this.now): Promise<void> {
    this.isRecord(await this.store.load(key, { now }), record);
  }

  /** This is the record. If the store is not immediate, null, a mark or an earlier version is valid too. */
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

  /** Loading the key returns null. */
  async lacks(key: Key, now: number = this.now): Promise<void> {
    const found = await this.store.load(key, { now });
    expectLegalLoad(found);
    if (this.store.guarantees.immediate) expectEqual("what is loaded", found, null);
  }

  /** Loading the key returns this mark. */
  async hasMark(key: Key, mark: MovedMark, now: number = this.now): Promise<void> {
    const found = await this.store.load(key, { now });
    expectLegalLoad(found);
    if (!this.store.guarantees.immediate) return;
    if (this.marks) expectEqual("the mark of the session that moved", found, mark);
    else expectThat(found === null || isMoved(found), "nothing, or a mark, where a session was", found);
  }

  /** The change was made, and the record now has this version. */
  written(result: UpdateResult, version: number): void {
    expectLegalResult(result);
    if (this.ordered) expectEqual("the result", result, { ok: true, version });
  }

  /** The change was not made. */
  refused(result: UpdateResult, why: Extract<UpdateResult, { ok: false }>["why"]): void {
    expectLegalResult(result);
    if (this.ordered) expectEqual("the result", result, { ok: false, why });
  }

  /** The change was not made because the session moved. */
  refusedAsMoved(result: UpdateResult): void {
    expectLegalResult(result);
    if (!this.ordered) return;
    if (this.marks) expectEqual("the result", result, { ok: false, why: "moved" });
    else expectThat(!result.ok && result.why !== "conflict", "moved, or gone", result);
  }

  /** `take` returned this record, or null. */
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
