/**
 * The backend that keeps sessions in their cookies.
 *
 * @module
 */
import type { Living } from "../session/found.ts";
import { afterChange, afterUse, type Circumstances, type Mode } from "../session/next.ts";
import { recordFromToken } from "../session/record.ts";
import { livingOf, recordOf, shownText, type Visit, type Wish } from "../session/visit.ts";
import type { Claims } from "../token/claims.ts";
import { timeoutClaims } from "../token/timeouts.ts";
import type { CookieBackend, Plan } from "./contract.ts";
import type { Manager } from "./manager.ts";
import { patchAlone, tryUpdate, updateAlone } from "./update.ts";

export const claimsOf = ({ key, record, remember }: Living, { mode, timeouts, now }: Circumstances): Claims => ({
  sid: key.id,
  start: record.startedAt,
  iat: now,
  // The stored record says when an unused session expires, so use needs no new token.
  exp: mode === "store" ? record.startedAt + (record.absoluteTimeout ?? timeouts.absoluteTimeout) : record.expiresAt,
  ...(!remember && { temp: true }),
  ...timeoutClaims(record),
  ...(mode !== "cookie" && key.route !== undefined && { route: key.route }),
  ...(mode !== "store" && record.subject !== undefined && { sub: record.subject }),
  ...(mode === "cookie" && { data: record.data }),
});

/** Sessions in their cookies: making the token is the write. */
export function inCookie(manager: Manager): CookieBackend {
  const circumstances = (): Circumstances => ({ mode: "cookie" satisfies Mode, timeouts: manager.timeouts, now: manager.now() });

  function plan(visit: Visit, text: string): Plan {
    const living = livingOf(visit);
    const { wish, found } = visit;
    if (living === null) {
      if (recordOf(visit) === undefined && text === "{}" && wish.to !== "login")
        return { wish, step: "none", next: null, saves: false };
      if (found.is === "outage") throw found.error;
      return { wish, step: "created", next: afterChange(visit, text, circumstances()), saves: true };
    }
    if (wish.to === "stay" && text === shownText(visit)) {
      const next = afterUse(living, circumstances());
      return { wish, step: next === living ? "none" : "touched", next, saves: false };
    }
    return {
      wish,
      step: wish.to === "stay" ? "saved" : "regenerated",
      next: afterChange(visit, text, circumstances()),
      saves: true,
    };
  }

  return {
    waits: false,
    load: (channel, candidate, ask) => manager.living(channel, candidate, recordFromToken(candidate.claims), ask.visit),
    plan,
    carryOut({ step, next, wish }, visit) {
      if (next !== null) report(step, next, wish, livingOf(visit), manager);
      return next;
    },
    end: (ending) => void (ending.is === "session" && manager.emit({ type: "destroyed", id: ending.key.id })),
    update: (visit, change) => updateAlone(visit, manager, change),
    patch: async (visit, changes, load) => {
      const loading = load();
      if (loading instanceof Promise) await loading;
      await patchAlone(visit, manager, changes);
    },
    tryUpdate: (visit, change) => tryUpdate(visit, manager, change),
    tryPatch: (visit, changes) => patchAlone(visit, manager, changes),
    refresh: () => {},
    noteNextId: () => {},
    assertGrace: () => manager.refuseGrace("the session is in its cookie"),
  };
}

function report(step: string, { key: { id } }: Living, wish: Wish, before: Living | null, { emit }: Manager): void {
  if (step === "created" || step === "saved" || step === "touched") emit({ type: step, id });
  if (wish.to === "stay") return;
  const from = before?.key.id;
  if (step === "regenerated" && from !== undefined) emit({ type: step, id, from, reason: wish.to });
  else if (wish.to === "login") emit({ type: "regenerated", id, reason: wish.to });
}
