/**
 * One session in Deno KV: read at one instant, and changes that apply only if it is still the same.
 *
 * @module
 */
import { MOVED_MARK_SECONDS, type MovedMark, type SessionRecord } from "../../session/record.ts";
import { isMeta, UNREADABLE } from "../../stored/changes.ts";
import { type Call, type Change, combined, type DenoKvEntry, type DenoKvKey } from "./client.ts";
import type { Keys } from "./keys.ts";
import { forgetful, type NamedChange, settle } from "./late.ts";
import {
  type Body,
  decodeBody,
  decodeHead,
  decodeLate,
  encodeBody,
  encodeHead,
  encodeLate,
  type Head,
  type LateChange,
  type Moved,
  partsOf,
} from "./values.ts";

export interface FoundSession {
  readonly id: string;
  readonly head: Head;
  /** With all late changes applied. */
  readonly body: Body;
  readonly lateChanges: number;
  /** The conditions under which `body` is complete. The first is the head's, which late changes do not affect. */
  readonly checks: Change["checks"];
  /** All keys except the head, including leftovers of earlier sessions under this id. */
  readonly keys: readonly DenoKvKey[];
}

export interface FoundMark {
  readonly id: string;
  readonly moved: Moved;
  readonly checks: Change["checks"];
}

export const isMark = (found: FoundSession | FoundMark): found is FoundMark => "moved" in found;

/** An atomic operation changes at most 1,000 keys. Keys of a session beyond this number are left to expire. */
export const MOST_KEYS = 700;
/** Limits the values of one late change, so that many of them stay small. */
const MOST_LATE_PARTS = 3;
export const NOTHING: Uint8Array = new Uint8Array(0);
/** How long a pulse is kept, in seconds. Longer than any call takes. */
const PULSE_SECONDS = 3600;

export const pulse = (key: DenoKvKey): Change["sets"][number] => [key, NOTHING, PULSE_SECONDS];

export async function readSession(call: Call, keys: Keys, id: string): Promise<FoundSession | FoundMark | null> {
  const entries = await call.read(keys.session(id));
  const at = keys.head(id).length - 1;
  const headEntry = entries.find(({ key }) => key[at] === "head");
  const head = headEntry === undefined ? null : decodeHead(headEntry.value);
  if (headEntry === undefined || head === null) return null;
  const checks = [[keys.head(id), headEntry.versionstamp] as const];
  if ("mark" in head) return { id, moved: head, checks };
  const own = entries.filter(({ key }) => key[at] === head.born);
  const bodyEntries = own.filter(({ key }) => key[at + 1] === "body");
  const stampOf = (entry: DenoKvEntry | undefined) => entry?.versionstamp ?? null;
  const beat = own.find(({ key }) => key[at + 1] === "pulse");
  const changes = lateChangesIn(own.filter(({ key }) => key[at + 1] === "late").map((entry) => ({ ...entry, at: at + 2 })));
  return {
    id,
    head,
    body: settle((isMeta(head.meta) ? decodeBody(bodyEntries.map(({ value }) => value)) : null) ?? brokenBody(head), changes),
    lateChanges: changes.length,
    checks: [...checks, [[...keys.body(id, head.born), 0], stampOf(bodyEntries[0])], [keys.pulse(id, head.born), stampOf(beat)]],
    keys: entries.flatMap((entry) => (entry === headEntry ? [] : [entry.key as DenoKvKey])),
  };
}

/** Stands for the body of a session that is damaged. The core reports it as unreadable. */
const brokenBody = ({ startedAt, until }: Head): Body => ({
  ...{ data: UNREADABLE, version: 0, settled: [] },
  ...{ seenAt: startedAt, expiresAt: until },
});

/** Sorted by KV's order. The parts of one change are adjacent. */
function lateChangesIn(entries: readonly (DenoKvEntry & { at: number })[]): NamedChange[] {
  const parts = new Map<string, { stamp: string; values: unknown[] }>();
  for (const { key, at, value, versionstamp: stamp } of entries) {
    const nonce = String(key[at]);
    parts.set(nonce, { stamp, values: [...(parts.get(nonce)?.values ?? []), value] });
  }
  const inTurn = [...parts].sort(([, left], [, right]) => (left.stamp < right.stamp ? -1 : 1));
  return inTurn.flatMap(([nonce, { values }]) => {
    const change = decodeLate(values);
    return change === null ? [] : [{ nonce, change }];
  });
}

export function recordOf({ head, body }: FoundSession): SessionRecord {
  const { born, until, ...said } = head;
  const { settled, ...changing } = body;
  return { ...said, ...changing };
}

export function born(keys: Keys, id: string, record: SessionRecord): { head: Head; change: Change } {
  const { data, version, seenAt, expiresAt, ...said } = record;
  const head = { ...said, ...newborn(seenAt, expiresAt) };
  return { head, change: write(keys, id, head, { data, version, seenAt, expiresAt, settled: [] }, seenAt) };
}

/** Everything is kept a quarter longer than the session lives, so that a touch need not rewrite all of it. */
function newborn(now: number, expiresAt: number): Pick<Head, "born" | "until"> {
  return { born: crypto.randomUUID(), until: expiresAt + Math.max(0, expiresAt - now) / 4 };
}

function write(keys: Keys, id: string, head: Head, body: Body, now: number): Change {
  const seconds = head.until - now;
  const place = keys.body(id, head.born);
  const parts = partsOf(encodeBody(body)).map((value, part) => [[...place, part], value, seconds] as const);
  return { checks: [], sets: [[keys.head(id), encodeHead(head), seconds], ...parts], deletes: [] };
}

/** Writes another body if nothing changed. Returns a `head` if that was rewritten to keep the session longer. */
export function rewritten(keys: Keys, found: FoundSession, body: Body, now: number): { head?: Head; change: Change } {
  const { id, checks } = found;
  const next = forgetful(body, now);
  const stays = body.expiresAt <= found.head.until && found.keys.length <= MOST_KEYS;
  const head = stays ? found.head : { ...found.head, ...newborn(now, body.expiresAt) };
  const { sets } = write(keys, id, head, next, now);
  const written = new Set(sets.map(([key]) => key.join(" ")));
  const deletes = found.keys.filter((key) => !written.has(key.join(" "))).slice(0, MOST_KEYS);
  if (stays) return { change: { checks, sets: sets.slice(1), deletes } };
  return { head, change: { checks, sets, deletes } };
}

/**
 * Puts a late change beside the body if the head is unchanged. Null if the change is too large or outlives the head.
 */
export function putBeside(keys: Keys, found: FoundSession, late: LateChange): { nonce: string; change: Change } | null {
  const { id, head, checks } = found;
  const parts = partsOf(encodeLate(late));
  if (late.expiresAt > head.until || parts.length > MOST_LATE_PARTS) return null;
  const nonce = crypto.randomUUID();
  const place = keys.late(id, head.born, nonce);
  const sets = parts.map((value, part) => [[...place, part], value, head.until - late.now] as const);
  return { nonce, change: { checks: checks.slice(0, 1), sets: [...sets, pulse(keys.pulse(id, head.born))], deletes: [] } };
}

export function ended(keys: Keys, { id, checks, keys: all }: FoundSession): Change {
  return { checks, sets: [], deletes: [keys.head(id), ...all.slice(0, MOST_KEYS)] };
}

/** Replaces a session by a mark. KV keeps the mark twice as long as it counts, because clocks differ. */
export function leftBehind(keys: Keys, found: FoundSession, mark: MovedMark): Change {
  const { settled } = forgetful(found.body, mark.movedAt);
  const head: Change = {
    checks: [],
    sets: [[keys.head(found.id), encodeHead({ mark, settled }), 2 * MOVED_MARK_SECONDS]],
    deletes: [],
  };
  const { checks, deletes } = ended(keys, found);
  return combined({ checks, sets: [], deletes: deletes.slice(1) }, head);
}
