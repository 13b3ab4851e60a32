/**
 * The sessions of a user: listing them, ending one, ending them all.
 *
 * @module
 */

import { OptionError } from "../ground/errors.ts";
import { isSessionId } from "../ground/session-id.ts";
import { guarded } from "../manager/backend.ts";
import type { Engine } from "../manager/manager.ts";
import type { ListedSession, Revocation, Subjects } from "../manager/seam.ts";
import { isMoved, type Key } from "../session/record.ts";
import { endOf, timeoutsOf } from "../session/timeouts.ts";
import { beyondLimit } from "./changes.ts";
import { follow } from "./follow.ts";

/** The sessions of users, in the store of an engine. */
export function subjects(engine: Engine): Subjects {
  const { store } = engine;
  const { keeping } = engine.places.session;

  async function list(subject: string, { current }: { current?: string } = {}): Promise<ListedSession[]> {
    checkSubject("list sessions", subject);
    if (store?.list === undefined) throw cannot("list sessions", "list");
    const rows = await guarded("list", async () => store.list?.(subject) ?? []);
    const now = engine.now();
    const living = rows.filter((row) => endOf(row, timeoutsOf(row, engine.timeouts), now) === undefined);
    const asking = engine.nextIds.current(current ?? "");
    return living.sort((left, right) => right.seenAt - left.seenAt).map((row) => ({ ...row, current: row.id === asking }));
  }

  async function revoke(subject: string, id: string): Promise<boolean> {
    checkSubject("revoke a session", subject);
    if (store === undefined || store.dataOnly) throw cannot("revoke a session", "load and remove records");
    if (!isSessionId(id)) return false;
    const key = await ownKey(subject, id);
    if (key === null) return false;
    await keeping.remove(key);
    engine.emit({ type: "destroyed", id: key.id });
    return true;
  }

  /** Where this session is, if it lives and is this user's. */
  async function ownKey(subject: string, id: string): Promise<Key | null> {
    const route = await keeping.route(subject);
    const key = route === undefined ? { id } : { id, route };
    const found = await keeping.loadKey(key, { now: engine.now() });
    if (found === null) return null;
    const living = isMoved(found) ? await follow(engine, keeping, found) : { key, record: found };
    return living?.record.subject === subject ? living.key : null;
  }

  async function revokeAll(subject: string, { except }: { except?: string } = {}): Promise<Revocation> {
    checkSubject("revoke all sessions", subject);
    if (store?.removeAll === undefined) throw cannot("revoke all sessions", "list them");
    const options = except === undefined ? {} : { except: await spared(subject, except) };
    const count = await guarded("removeAll", async () => store.removeAll?.(subject, options) ?? 0);
    return { count, effect: store.guarantees.immediate ? "now" : "requested" };
  }

  /** Where the session is that is to stay: its request may have been told of an id that is not written yet, or that another gave it. */
  async function spared(subject: string, except: string): Promise<string> {
    const id = engine.nextIds.current(except);
    if (id === except || store?.dataOnly) return id;
    return (await ownKey(subject, id))?.id ?? id;
  }

  return { list, revoke, revokeAll };
}

/** Ends the sessions of a user that were used longest ago, beyond the limit. One that was just made counts and stays. */
export async function endBeyondLimit(
  { store, limit, places, now }: Engine,
  subject: string | undefined,
  made: Key,
): Promise<void> {
  const { maxSessions } = limit;
  if (subject === undefined || maxSessions === undefined || store?.list === undefined) return;
  const rows = await guarded("list", async () => store.list?.(subject) ?? []);
  const tooMany = beyondLimit(rows, made.id, { now: now(), maxSessions });
  for (const { id } of tooMany) await places.session.keeping.remove({ ...made, id });
}

/** A variable that is not set names nobody: it must not look as if there were no sessions, nor reach the store. */
function checkSubject(action: string, subject: unknown): void {
  if (typeof subject === "string" && subject !== "") return;
  throw new OptionError("ERR_OPTION", `Cannot ${action}: the subject must be a string that is not empty`);
}

function cannot(action: string, needs: string): OptionError {
  return new OptionError("ERR_OPTION", `Cannot ${action}: that needs a store that can ${needs}`);
}
