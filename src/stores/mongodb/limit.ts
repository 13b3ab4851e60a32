/**
 * Limits the sessions of a subject, least recently used first, in the
 * transaction that adds one. Logins of one subject run one after another.
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

export interface Limited {
  readonly id: string;
  readonly subject: string;
  readonly now: number;
  readonly maxSessions: number;
  readonly end: Date;
}

export function limitedBy(id: string, record: SessionRecord, { maxSessions }: Limit): Limited | null {
  const { subject, seenAt: now, expiresAt } = record;
  if (subject === undefined || maxSessions === undefined) return null;
  return { id, subject, now, maxSessions, end: endOf(expiresAt) };
}

/**
 * Makes transactions of one subject change the same document, so that the second sees what
 * the first did. It comes first in a transaction, so that no two wait for each other.
 */
export async function lock(collection: MongoCollection, session: MongoSession, limited: Limited | null): Promise<void> {
  if (limited === null) return;
  // Session ids contain no colon.
  const filter = { _id: `user:${await routeOf(limited.subject, "")}` };
  const login = { $inc: { logins: 1 }, $max: { end: limited.end } };
  await collection.updateOne(filter, login, { upsert: true, session }).catch((error: unknown) => {
    // Another transaction inserted it first.
    throw isDuplicate(error) ? new Conflict() : error;
  });
}

export async function limit(collection: MongoCollection, session: MongoSession, limited: Limited | null): Promise<void> {
  if (limited === null) return;
  const options = { session, projection: { data: 0 } };
  const found = await collection.find({ subject: subjectText(limited.subject) }, options).toArray();
  const rows = found.flatMap((document) => infoFrom(document as SessionDocument));
  const ids = beyondLimit(rows, limited.id, limited).map(({ id }) => id);
  if (ids.length > 0) await collection.deleteMany({ _id: { $in: ids } }, { session });
}
