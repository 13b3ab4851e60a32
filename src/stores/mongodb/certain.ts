/**
 * Retries calls that a server may wrongly report as having found nothing. DocumentDB 1.0 does
 * that for removals during updates. So "nothing" only counts if a read finds nothing either.
 *
 * @module
 */
import { pause } from "../../stored/write.ts";
import { BARE, type MongoCollection } from "./client.ts";
import { endOf, type SessionDocument } from "./documents.ts";
import { MongoFailure } from "./failures.ts";

/** Each pause is at most 64 ms. */
const MAX_TRIES = 64;

/** Retries until an attempt has a result. @throws MongoFailure `MISSED` if none does */
export async function certainly<Result>(late: AbortSignal, attempt: () => Promise<Result | "again">): Promise<Result> {
  for (let tries = 1; tries <= MAX_TRIES && !late.aborted; tries++) {
    const result = await attempt();
    if (result !== "again") return result;
    await pause(tries);
  }
  throw new MongoFailure(
    "MISSED",
    true,
    "Cannot change the session: MongoDB returns it, but finds nothing to change at every attempt. Retry the request",
  );
}

/** Returns the removed document, to one caller only, or null if there is none. */
export function removed(collection: MongoCollection, filter: object, late: AbortSignal): Promise<SessionDocument | null> {
  return certainly(late, async () => {
    const found = await collection.findOneAndDelete(filter, BARE);
    if (found !== null) return found as SessionDocument;
    if ((await collection.findOne(filter, { projection: { _id: 1 } })) === null) return null;
    return bury(collection, filter);
  });
}

/**
 * Ends a session by an update, which no server was seen to miss, then deletes the rest, which nobody updates any more.
 */
async function bury(collection: MongoCollection, filter: object): Promise<SessionDocument | "again"> {
  const remains = [{ $replaceWith: { _id: "$_id", end: endOf(0) } }];
  const before = { ...BARE, returnDocument: "before" } as const;
  const found = (await collection.findOneAndUpdate(filter, remains, before)) as SessionDocument | null;
  if (found === null) return "again";
  // The session has ended. If this fails, MongoDB drops the rest later.
  await collection.deleteOne({ _id: found._id }).catch(() => {});
  return found;
}
