/**
 * Backend: where sessions are kept, as load and commit ask it; and the one that keeps them in their cookies.
 *
 * @module
 */
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Ending, Living } from "../session/found.ts";
import { afterChange, afterUse, type Circumstances, type Mode } from "../session/next.ts";
import { type Key, type Redeemed, recordFromToken, type SessionRecord } from "../session/record.ts";
import { timeoutClaims } from "../session/timeouts.ts";
import { livingOf, recordOf, type Visit, type Wish } from "../session/visit.ts";
import type { Claims } from "../token/claims.ts";
import type { Candidate, Loaded } from "./load.ts";
import type { Channel, Manager } from "./manager.ts";
import type { Subjects } from "./seam.ts";
import { tryUpdate, updateAlone } from "./update.ts";

/** How a session is asked for. */
export interface Ask {
  readonly visit: Visit;
  /** Whether loading is itself use of it. */
  readonly used: boolean;
  /** Whether a copy will not do. */
  readonly fresh: boolean;
}

/** What one commit comes to: a step, and the session once it is done. */
export interface Plan {
  /** The visit's wish that it was made for: what comes after is still to be carried out. */
  readonly wish: Wish;
  readonly step: string;
  readonly next: Living | null;
  /** Whether data is written, which must fit a schema. */
  readonly saves: boolean;
  /** What the handler sees when the plan is made, where the session will be another one than that. */
  readonly shown?: string | undefined;
}

/** What is known of the answer that a commit is for. */
export interface Occasion {
  /**
   * What can be done with cookies: `send` them; only `changes`, where the response may be cached for everybody; `later`, with the response to
   * come; `impossible`, on a response that carries none.
   */
  readonly mode: "send" | "changes" | "later" | "impossible";
  /** The answer's status: one that tells of a failure is not replaced by another. */
  readonly status: number;
}

/** What a store knows of accepted tokens. */
export interface AcceptedTokens {
  /** Where the entry of a token is, and what it says; null while the token is good. @param identity What the token proves, and who made it. */
  redemption(identity: string): Promise<{ readonly key: Key; readonly entry: Redeemed | null }>;
  /** The session under a key. @param follows Also where the key stands for it in grace: then its cookie is elsewhere. */
  session(
    key: Key,
    follows: boolean,
  ): Promise<{ readonly key: Key; readonly record: SessionRecord; readonly isElsewhere: boolean } | null>;
}

/** Where sessions are kept. */
export interface Backend {
  /** Whether what a token stands for has to be waited for. */
  readonly waits: boolean;
  /** A WebSocket for a page that watches its session, where the store can tell pages. */
  readonly watch?: ((key: Key, request: Request) => Promise<Response>) | undefined;
  /** What became of accepted tokens, where a store can tell. */
  readonly tokens?: AcceptedTokens;
  /** What lists and ends the sessions of a user, where a store keeps them. */
  readonly members?: Subjects;
  /** What a good token stands for. */
  load(channel: Channel, candidate: Candidate, ask: Ask): MaybePromise<Loaded | null>;
  /** What this request's changes come to. @throws DataError when the data cannot be kept; StoreError */
  plan(visit: Visit, occasion: Occasion): MaybePromise<Plan>;
  /**
   * Carries a plan out: the session after it, null where there is none; or `again`, since the plan rests on what is not so any more.
   *
   * @param tries How often it was tried before in this commit.
   * @throws StoreError, GoneError, ConflictError
   */
  carryOut(plan: Plan, visit: Visit, occasion: Occasion, tries: number): MaybePromise<Living | null | "again">;
  /** Ends a session, or the token of one. */
  end(ending: Exclude<Ending, { is: "accepted" }>): MaybePromise<void>;
  /** `session.update()`. */
  update<Result>(visit: Visit, change: Change<Result>): Promise<Result>;
  /** Asks the store for a session that was shown as a copy has it. */
  refresh(visit: Visit): MaybePromise<void>;
  /** Remembers which session an id will be that a handler was told of. */
  noteNextId(next: string, former: string): void;
  /** @throws OptionError where an old id cannot go on for a while. */
  assertGrace(visit: Visit, graceSeconds: number): void;
}

/** Changes the session's data; gets it as it is now, changes it in place, and may be run again. */
export type Change<Result> = (data: Record<string, unknown>) => Result | Promise<Result>;

/** What a new token says. */
export function claimsOf({ key, record, remember }: Living, { mode, timeouts, now }: Circumstances): Claims {
  const { startedAt, expiresAt, subject, data } = record;
  return {
    sid: key.id,
    start: startedAt,
    iat: now,
    // The record in a store says when the session ends before its absolute limit. So use of it makes no new token.
    exp: mode === "store" ? startedAt + (record.absoluteTimeout ?? timeouts.absoluteTimeout) : expiresAt,
    ...(!remember && { temp: true }),
    ...timeoutClaims(record),
    ...(mode !== "cookie" && key.route !== undefined && { route: key.route }),
    ...(mode !== "store" && subject !== undefined && { sub: subject }),
    ...(mode === "cookie" && { data }),
  };
}

/** The backend for cookies, which one for a store goes on with where a session is not in the store. */
export interface CookieBackend extends Backend {
  /** One try of `update()` on a session that no other request writes; `again` when this request changed it meanwhile. */
  tryUpdate<Result>(visit: Visit, change: Change<Result>): Promise<{ readonly result: Result } | "again">;
}

/** Sessions in their cookies: a write is done when the token is made, and nothing is known but what a token says. */
export function inCookie(manager: Manager): CookieBackend {
  const circumstances = (): Circumstances => ({ mode: "cookie" satisfies Mode, timeouts: manager.timeouts, now: manager.now() });

  function plan(visit: Visit): Plan {
    const living = livingOf(visit);
    const text = visit.data.json(living?.record.data.length);
    const { wish, found } = visit;
    if (living === null) {
      if (recordOf(visit) === undefined && text === "{}" && wish.to !== "login")
        return { wish, step: "none", next: null, saves: false };
      if (found.is === "outage") throw found.error;
      return { wish, step: "created", next: afterChange(visit, text, circumstances()), saves: true };
    }
    if (wish.to === "stay" && text === living.record.data) {
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
    carryOut({ step, next }, visit) {
      if (next !== null && step !== "none") report(step, next, visit, manager);
      return next;
    },
    end: (ending) => void (ending.is === "session" && manager.emit({ type: "destroyed", id: ending.key.id })),
    update: (visit, change) => updateAlone(visit, manager, change),
    tryUpdate: (visit, change) => tryUpdate(visit, manager, change),
    refresh: () => {},
    noteNextId: () => {},
    assertGrace: () => manager.refuseGrace("the session is in its cookie"),
  };
}

function report(step: string, { key: { id } }: Living, visit: Visit, { emit }: Manager): void {
  const { wish } = visit;
  if (step === "created" || step === "saved" || step === "touched") emit({ type: step, id });
  if (wish.to === "stay") return;
  const from = livingOf(visit)?.key.id;
  if (step === "regenerated" && from !== undefined) emit({ type: step, id, from, reason: wish.to });
  else if (wish.to === "login") emit({ type: "regenerated", id, reason: wish.to });
}
