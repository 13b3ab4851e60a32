/**
 * The assertions of the store contract. Errors say what was expected and what was received.
 *
 * @module
 */
import { parseData } from "../../ground/json.ts";
import { isMoved, MAX_GRACE_SECONDS, type MovedMark, type SessionRecord, type UpdateResult } from "../../session/record.ts";
import { difference, isSameJson, show } from "../differences.ts";

/** Fails unless `holds`. */
export function expectThat(holds: boolean, expected: string, found: unknown): asserts holds {
  if (!holds) throw new Error(`Expected ${expected}, but received ${show(found)}`);
}

/** Fails unless both are the same JSON, in any key order. */
export function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (!isSameJson(found, expected)) throw new Error(difference(what, found, expected));
}

/** Fails unless it is a record, a mark or null. */
export function expectLegalLoad(found: SessionRecord | MovedMark | null): void {
  if (found === null) return;
  expectThat(typeof found === "object", "a record, a mark or null", found);
  if (isMoved(found)) expectLegalMark(found);
  else expectLegalRecord(found);
}

/** Fails unless it is a record or null. `take` must not return a mark. */
export function expectLegalTake(taken: SessionRecord | null): void {
  if (taken === null) return;
  expectThat(typeof taken === "object" && !isMoved(taken), "a record or null", taken);
  expectLegalRecord(taken);
}

function expectLegalMark(mark: MovedMark): void {
  const { movedAt, to, by, graceUntil } = mark;
  expectThat(Number.isFinite(movedAt), "a mark with the time of the move", mark);
  expectThat(typeof to?.id === "string", "a mark that says where the session went", mark);
  expectThat(by === "login" || by === "regenerateId", 'a mark whose "by" is "login" or "regenerateId"', mark);
  if (graceUntil === undefined) return;
  const grace = graceUntil - movedAt;
  expectThat(grace > 0 && grace <= MAX_GRACE_SECONDS, "a mark without grace, or with up to 60 seconds of it", mark);
}

function expectLegalRecord(found: SessionRecord): void {
  const { data, version, startedAt, seenAt, expiresAt, idleTimeout, absoluteTimeout } = found;
  expectThat(typeof data === "string" && parseData(data) !== null, "data that is the JSON text of an object", data);
  for (const [field, value] of Object.entries({ version, startedAt, seenAt, expiresAt })) {
    expectThat(Number.isFinite(value), `${field} to be a number`, value);
  }
  for (const [field, value] of Object.entries({ idleTimeout, absoluteTimeout })) {
    expectThat(value === undefined || Number.isFinite(value), `${field} to be a number, or not there`, value);
  }
}

/** Fails unless it is a valid result of a change. */
export function expectLegalResult(result: UpdateResult): void {
  expectThat(typeof result === "object" && result !== null, "{ ok: true, version } or { ok: false, why }", result);
  const legal = result.ok ? Number.isInteger(result.version) : ["gone", "moved", "conflict", "too-large"].includes(result.why);
  expectThat(legal, "a version, or one of gone, moved, conflict and too-large", result);
}

/** A record's fields, with its data as a value, so that texts that mean the same are the same. */
export function plainRecord(record: SessionRecord): Record<string, unknown> {
  const { data, version, startedAt, seenAt, expiresAt, subject, meta, idleTimeout, absoluteTimeout } = record;
  return { data: parseData(data), version, startedAt, seenAt, expiresAt, subject, meta, idleTimeout, absoluteTimeout };
}
