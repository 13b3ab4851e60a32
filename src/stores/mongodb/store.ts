/**
 * The store contract on a MongoDB collection.
 *
 * @module
 */
import type { MaybePromise } from "../../ground/maybe-promise.ts";
import type { Patch } from "../../session/patch.ts";
import {
  isMoved,
  type Key,
  type Limit,
  MOVED_MARK_SECONDS,
  type Move,
  markFor,
  type RecordOrMark,
  type SessionInfo,
  type SessionRecord,
  type UpdateOptions,
  type UpdateResult,
} from "../../session/record.ts";
import { isDue, type Touch } from "../../stored/changes.ts";
import type { SessionStore } from "../../stored/contract.ts";
import { certainly, removed } from "./certain.ts";
import { type Conditions, change, changeable, living, use, whyNot } from "./changes.ts";
import { BARE, type MongoClientLike, type MongoCollection, type MongoSession } from "./client.ts";
import {
  entryFrom,
  infoFrom,
  markDocument,
  pairsOf,
  patchedPairs,
  recordIn,
  type SessionDocument,
  sessionDocument,
  subjectText,
} from "./documents.ts";
import { isDuplicate, MongoFailure, within } from "./failures.ts";
import { limit, limitedBy, lock } from "./limit.ts";
import { inTransaction } from "./transaction.ts";

export interface MongoParts {
  readonly client: MongoClientLike;
  readonly collection: MongoCollection;
  /** Resolves once the server is checked and the indexes exist. */
  readonly ready: () => MaybePromise<void>;
  /** In seconds. */
  readonly timeout: number;
}

/** Marks live for a minute, so no session has this many. */
const MAX_MARKS = 1000;
const AFTER = { ...BARE, returnDocument: "after", projection: { version: 1 } } as const;
const BEFORE = { ...BARE, returnDocument: "before" } as const;

export class MongoStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"] = { atomic: true, immediate: true };
  readonly #parts: MongoParts;

  constructor(parts: MongoParts) {
    this.#parts = parts;
  }

  load({ id }: Key, { now, touch }: { now: number; touch?: Touch }): Promise<RecordOrMark | null> {
    return this.#ask(async (collection) => {
      const found = entryFrom(await find(collection, id));
      if (found === null) return null;
      if (isMoved(found)) return found.movedAt + MOVED_MARK_SECONDS > now ? found : null;
      if (touch === undefined || !isDue(found.seenAt, touch)) return found;
      const { seenAfter, seenBefore, expiresAt } = touch;
      const due = { ...living(id, now), seenAt: { $gt: seenAfter, $lte: seenBefore } };
      const used = await collection.findOneAndUpdate(due, use(now, expiresAt), { ...BARE, returnDocument: "after" });
      return entryFrom((used as SessionDocument | null) ?? (await find(collection, id)));
    });
  }

  async create({ id }: Key, record: SessionRecord, options: Limit = {}): Promise<void> {
    const document = sessionDocument(id, record, pairsOf(record.data));
    const limited = limitedBy(id, record, options);
    await this.#ask(async (collection, late) => {
      if (limited === null) return insert(collection, document);
      await inTransaction(this.#parts.client, late, async (session) => {
        await lock(collection, session, limited);
        await insert(collection, document, session);
        await limit(collection, session, limited);
        return true;
      });
    });
  }

  update({ id }: Key, patch: Patch, options: UpdateOptions): Promise<UpdateResult> {
    const [filter, pipeline] = [changeable(id, patch, options), change(patch, options.now, options.expiresAt)];
    return this.#change(id, patch, options, async (collection) => {
      const changed = (await collection.findOneAndUpdate(filter, pipeline, AFTER)) as SessionDocument | null;
      return changed === null ? null : Number(changed.version);
    });
  }

  replace(from: Key, to: Key, patch: Patch, record: SessionRecord, move: Move): Promise<UpdateResult> {
    const now = record.seenAt;
    const conditions = { now, ifVersion: move.ifVersion };
    const filter = changeable(from.id, patch, conditions);
    const mark = [{ $replaceWith: { $literal: markDocument(from.id, markFor(now, to, move)) } }];
    const limited = limitedBy(to.id, record, move);
    return this.#change(from.id, patch, conditions, (collection, late) =>
      inTransaction(this.#parts.client, late, async (session) => {
        await lock(collection, session, limited);
        const before = (await collection.findOneAndUpdate(filter, mark, { ...BEFORE, session })) as SessionDocument | null;
        if (before === null) return null;
        const version = Number(before.version) + 1;
        await insert(collection, sessionDocument(to.id, { ...record, version }, patchedPairs(before.data ?? [], patch)), session);
        await limit(collection, session, limited);
        return version;
      }),
    );
  }

  touch({ id }: Key, { now, expiresAt }: { now: number; expiresAt: number }): Promise<boolean> {
    return this.#ask((collection, late) =>
      certainly(late, async () => {
        const touched = await collection.findOneAndUpdate(living(id, now), use(now, expiresAt), AFTER);
        if (touched !== null) return true;
        return whyNot(entryFrom(await find(collection, id)), NO_CHANGE, { now }) === null ? "again" : false;
      }),
    );
  }

  remove({ id }: Key): Promise<void> {
    return this.#ask(async (collection, late) => {
      let next: string | undefined = id;
      for (let count = 0; next !== undefined && count < MAX_MARKS; count++)
        next = (await removed(collection, { _id: next }, late))?.to;
    });
  }

  /**
   * If the reply is lost, for example by a `TIMEOUT`, no caller
   * gets the record: MongoDB may or may not have removed it.
   */
  take({ id }: Key): Promise<SessionRecord | null> {
    return this.#ask(async (collection, late) =>
      recordIn(await removed(collection, { _id: id, version: { $exists: true } }, late)),
    );
  }

  list(subject: string): Promise<SessionInfo[]> {
    return this.#ask(async (collection) => {
      const found = await collection.find({ subject: subjectText(subject) }, { projection: { data: 0 } }).toArray();
      return found.flatMap((document) => infoFrom(document as SessionDocument));
    });
  }

  removeAll(subject: string, { except = "" }: { except?: string } = {}): Promise<number> {
    const filter = { subject: subjectText(subject), _id: { $ne: except } };
    return this.#ask(async (collection, late) => {
      let count = 0;
      return certainly(late, async () => {
        count += (await collection.deleteMany(filter)).deletedCount;
        // A session that moved meanwhile has another id but the same subject.
        return (await collection.findOne(filter, { projection: { _id: 1 } })) === null ? count : "again";
      });
    });
  }

  #change(
    id: string,
    patch: Patch,
    conditions: Conditions,
    attempt: (collection: MongoCollection, late: AbortSignal) => Promise<number | null>,
  ): Promise<UpdateResult> {
    return this.#ask((collection, late) =>
      certainly(late, async (): Promise<UpdateResult | "again"> => {
        const version = await attempt(collection, late);
        if (version !== null) return { ok: true, version };
        const why = whyNot(entryFrom(await find(collection, id)), patch, conditions);
        return why === null ? "again" : { ok: false, why };
      }),
    );
  }

  #ask<Result>(call: (collection: MongoCollection, late: AbortSignal) => Promise<Result>): Promise<Result> {
    const { collection, ready, timeout } = this.#parts;
    return within(timeout, async (late) => {
      await ready();
      return call(collection, late);
    });
  }
}

const NO_CHANGE: Patch = { set: [], unset: [] };

async function find(collection: MongoCollection, _id: string): Promise<SessionDocument | null> {
  return (await collection.findOne({ _id })) as SessionDocument | null;
}

async function insert(collection: MongoCollection, document: object, session?: MongoSession): Promise<void> {
  await collection.insertOne(document, session === undefined ? {} : { session }).catch((error: unknown) => {
    throw isDuplicate(error) ? new MongoFailure("TAKEN", false, "Cannot create the session: its id is taken") : error;
  });
}
