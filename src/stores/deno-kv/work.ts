/**
 * The steps of one store call on Deno KV: reads, and writes that apply only if nothing changed since.
 *
 * @module
 */
import type { Limit, SessionRecord, UpdateResult } from "../../session/record.ts";
import { AGAIN, type Call, type Change, combined } from "./client.ts";
import type { Keys } from "./keys.ts";
import { changed, outcomeOf } from "./late.ts";
import { ended, type FoundMark, type FoundSession, isMark, putBeside, readSession, rewritten } from "./session.ts";
import { evicted, joined, left } from "./subjects.ts";
import type { LateChange } from "./values.ts";

export type Attempt<Result> = Result | typeof AGAIN;

/** With more late changes than this, the next one waits until they are applied. */
const MOST_LATE = 100;

export class Work {
  readonly call: Call;
  readonly keys: Keys;

  constructor(call: Call, keys: Keys) {
    this.call = call;
    this.keys = keys;
  }

  read(id: string): Promise<FoundSession | FoundMark | null> {
    return readSession(this.call, this.keys, id);
  }

  commit(...changes: Change[]): Promise<boolean> {
    return this.call.commit(combined(...changes));
  }

  free(id: string): Change {
    return { checks: [[this.keys.head(id), null]], sets: [], deletes: [] };
  }

  async rewrite(found: FoundSession, body: FoundSession["body"], now: number): Promise<boolean> {
    const { head, change } = rewritten(this.keys, found, body, now);
    const { subject } = found.head;
    if (head === undefined || subject === undefined) return this.commit(change);
    // The subject's entry must last as long as the head.
    return this.commit(change, joined(await this.keys.subject(subject), found.id, head.until - now));
  }

  /** Touches a session. Returns false if it needs a retry. */
  async use(found: FoundSession, use: { now: number; expiresAt: number }): Promise<boolean> {
    if (await this.rewrite(found, changed(found.body, use).body, use.now)) return true;
    return (await this.#putBeside(found, use)) !== undefined;
  }

  async updateLate(found: FoundSession, change: LateChange): Promise<Attempt<UpdateResult>> {
    const nonce = await this.#putBeside(found, change);
    if (nonce === undefined) return AGAIN;
    const now = await this.read(found.id);
    // The change was made, then the session ended.
    if (now === null) return { ok: false, why: "gone" };
    const outcome = outcomeOf(isMark(now) ? now.moved.settled : now.body.settled, nonce);
    if (outcome === undefined) throw new Error("Cannot change the session: the outcome of the change is no longer known");
    return outcome;
  }

  async #putBeside(found: FoundSession, change: LateChange): Promise<string | undefined> {
    if (found.lateChanges > MOST_LATE) return undefined;
    const late = putBeside(this.keys, found, change);
    return late !== null && (await this.commit(late.change)) ? late.nonce : undefined;
  }

  async end(found: FoundSession | FoundMark): Promise<Change> {
    if (isMark(found)) return { checks: found.checks, sets: [], deletes: [this.keys.head(found.id)] };
    return combined(ended(this.keys, found), await this.leaves(found));
  }

  async leaves({ id, head: { subject } }: FoundSession): Promise<Change> {
    return subject === undefined ? combined() : left(await this.keys.subject(subject), id);
  }

  /** Adds a session to its subject until `until`, and ends those beyond the limit. */
  async joins(id: string, record: SessionRecord, until: number, { maxSessions }: Limit): Promise<Change> {
    const { subject, seenAt: now } = record;
    if (subject === undefined) return combined();
    const place = await this.keys.subject(subject);
    const over = maxSessions === undefined ? [] : await evicted(this.call, this.keys, place, { made: id, now, maxSessions });
    return combined(...over, joined(place, id, until - now));
  }
}
