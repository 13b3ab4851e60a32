/**
 * What sessions need from their manager.
 *
 * @module
 */
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Timeouts } from "../token/timeouts.ts";
import type { Visit } from "./visit.ts";

export interface SessionHost {
  readonly timeouts: Timeouts;
  /** Whether no other host can have set the cookie. */
  readonly hostOnly: boolean;
  now(): number;
  /** Remembers which session an id will belong to, until that is written. */
  noteNextId(next: string, former: string): void;
  /** @throws OptionError if the session's old id cannot have a grace. */
  assertGrace(visit: Visit, graceSeconds: number): void;
  load(visit: Visit, fresh: boolean): MaybePromise<void>;
  refresh(visit: Visit): Promise<void>;
  save(visit: Visit): Promise<void>;
  update<Result>(visit: Visit, change: (data: Record<string, unknown>) => Result | Promise<Result>): Promise<Result>;
  /** @param load Loads the session, if that is needed. */
  patch(visit: Visit, changes: Record<string, unknown>, load: () => MaybePromise<void>): Promise<void>;
}
