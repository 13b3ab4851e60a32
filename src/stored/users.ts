/**
 * A user's sessions: lists them, ends one, ends all.
 *
 * @module
 */

import { cannot } from "../ground/errors.ts";
import { checkGiven, checkValues, type Rule, refuseUnknownOf } from "../ground/option-values.ts";
import { isSessionId } from "../ground/session-id.ts";
import type { ListedSession, Revocation, Subjects } from "../manager/seam.ts";
import { isMoved, type Key } from "../session/record.ts";
import { checkSubject } from "../session/wish.ts";
import { endOf } from "../token/timeouts.ts";
import { beyondLimit, toInfo } from "./changes.ts";
import { follow } from "./follow.ts";
import type { Stored } from "./guarded.ts";

const ID: Rule = ["the id of a session", (value) => typeof value === "string"];
const LIST: ReadonlySet<string> = new Set(["current"]);
const REVOKE_ALL: ReadonlySet<string> = new Set(["except"]);

/** The sessions of users, in a store. */
export function members(stored: Stored): Subjects {
  const { manager, store, nextIds } = stored;

  /** The id under which a session is stored, if its handler has already seen the next one. */
  const idNow = (id: string): string => nextIds.get(id) ?? id;

  async function list(subject: string, options: { current?: string | undefined } = {}): Promise<ListedSession[]> {
    checkSubject("list sessions", subject);
    checkId("list()", options, LIST, "{ current: session.id }");
    if (store.list === undefined) needsStore("list sessions", "list");
    const rows = await store.list(subject);
    const now = manager.now();
    const living = rows.filter((row) => endOf(row, manager.timeouts, now) === undefined);
    const asking = idNow(options.current ?? "");
    return living
      .sort((left, right) => right.seenAt - left.seenAt)
      .map((row) => ({ ...toInfo(row.id, row), current: row.id === asking }));
  }

  async function revoke(subject: string, id: string): Promise<boolean> {
    checkSubject("revoke a session", subject);
    if (store.dataOnly) needsStore("revoke a session", "keep whole records; plain() keeps only the data");
    if (!isSessionId(id)) return false;
    const key = await ownKey(subject, id);
    if (key === null) return false;
    await store.remove(key);
    manager.emit({ type: "destroyed", id: key.id });
    return true;
  }

  /** The key of this session, if it is living and belongs to this user. */
  async function ownKey(subject: string, id: string): Promise<Key | null> {
    const route = await store.route(subject);
    const key = route === undefined ? { id } : { id, route };
    const found = await store.load(key, { now: manager.now() });
    if (found === null) return null;
    const living = isMoved(found) ? await follow(stored, found) : { key, record: found };
    return living?.record.subject === subject ? living.key : null;
  }

  async function revokeAll(subject: string, given: { except?: string | undefined } = {}): Promise<Revocation> {
    checkSubject("revoke all sessions", subject);
    checkId("revokeAll()", given, REVOKE_ALL, "{ except: session.id }");
    const { except } = given;
    if (store.removeAll === undefined) needsStore("revoke all sessions", "list them");
    const options = except === undefined ? {} : { except: await spared(subject, except) };
    const count = await store.removeAll(subject, options);
    return { count, effect: store.guarantees.immediate ? "now" : "requested" };
  }

  /** The id of the session to keep. Its request may have seen an id that is not written yet, or has been replaced. */
  async function spared(subject: string, except: string): Promise<string> {
    const id = idNow(except);
    if (id === except || store.dataOnly) return id;
    return (await ownKey(subject, id))?.id ?? id;
  }

  return { list, revoke, revokeAll };
}

/** Ends a user's least recently used sessions beyond the limit. The new session counts and stays. */
export async function endBeyondLimit({ manager, store }: Stored, subject: string | undefined, made: Key): Promise<void> {
  const { maxSessions } = manager.limit;
  if (subject === undefined || maxSessions === undefined || store.list === undefined) return;
  const tooMany = beyondLimit(await store.list(subject), made.id, { now: manager.now(), maxSessions });
  for (const { id } of tooMany) await store.remove({ ...made, id });
}

/** A misspelt option must not be ignored: without `except`, the current user is logged out. */
function checkId(call: string, options: object, known: ReadonlySet<string>, like: string): void {
  checkGiven(options, "session", like);
  refuseUnknownOf(call, options, known);
  checkValues(options, Object.fromEntries([...known].map((name) => [name, ID])));
}

function needsStore(action: string, able: string): never {
  cannot(action, `this needs a store that can ${able}`);
}
