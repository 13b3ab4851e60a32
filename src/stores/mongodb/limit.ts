/**
 * How many sessions a subject may have. It is seen to in the transaction that adds one; those of one subject are made one after the other.
 *
 * @module
 */
import type { Limit, SessionRecord } from "../../session/record.ts";
import { beyondLimit } from "../../stored/changes.ts";
import { routeOf } from "../../stored/route.ts";
import type { MongoCollection, MongoSession } from "./client.ts";
import { endOf, infoFrom, type SessionDocument, subjectText } from "./documents.ts";
import { isDuplicate } from "./failures.ts";
import { Conflict } from "./transaction.ts";

/** A session that is added for a subject with a limit. */
export interface Limited {
  readonly id: string;
  readonly subject: string;
  readonly now: number;
  readonly maxSessions: number;
  readonly end: Date;
}

/** What there is to limit; null for nothing. */
export function limitedBy(id: string, record: SessionRecord, { maxSessions }: Limit): Limited | null {
  const { subject, seenAt: now, expiresAt } = record;
  if (subject === undefined || maxSessions === undefined) return null;
  return { id, subject, now, maxSessions, end: endOf(expiresAt) };
}

/**
 * Makes two transactions that add a session for one subject change the same document, so that the second sees what the first did. Comes before
 * all else in a transaction, so that no two wait for each other.
 */
export async function lock(collection: MongoCollection, session: MongoSession, limited: Limited | null): Promise<void> {
  if (limited === null) return;
  // No session's id has a colon.
  const filter = { _id: `user:${await routeOf(limited.subject, "")}` };
  const login = { $inc: { logins: 1 }, $max: { end: limited.end } };
  await collection.updateOne(filter, login, { upsert: true, session }).catch((error: unknown) => {
    // Another transaction was the first to insert it.
    throw isDuplicate(error) ? new Conflict() : error;
  });
}

/** Ends the sessions beyond the limit, those used longest ago first. */
export async function limit(collection: MongoCollection, session: MongoSession, limited: Limited | null): Promise<void> {
  if (limited === null) return;
  const options = { session, projection: { data: 0 } };
  const found = await collection.find({ subject: subjectText(limited.subject) }, options).toArray();
  const rows = found.flatMap((document) => infoFrom(document as SessionDocument));
  const ids = beyondLimit(rows, limited.id, limited).map(({ id }) => id);
  if (ids.length > 0) await collection.deleteMany({ _id: { $in: ids } }, { session });
}
