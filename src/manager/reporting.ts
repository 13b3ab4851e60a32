/**
 * Reports to the application: events, and warnings, which go to the console where nobody listens.
 *
 * @module
 */
import type { Emit, SessionEvent } from "./events.ts";

/** Who is told of events. */
export type Listener = ((event: SessionEvent) => void) | undefined;

/** What tells the listener, and never fails. */
export function emitter(onEvent: Listener): Emit {
  if (onEvent === undefined) return () => undefined;
  return (event) => {
    try {
      const heard: unknown = onEvent(event);
      if (heard instanceof Promise) heard.catch(() => {});
    } catch {
      // A listener that fails must not fail the request it watches.
    }
  };
}

const WARNINGS = {
  "not-secure": "cookie.secure is false, so the session cookie also travels over plain http",
  "accept-not-atomic": "the store is not atomic, so two requests that bring an accepted token together may become two sessions",
  "weak-key": "a key in app.keys is shorter than 32 bytes or looks like a placeholder; make one with: openssl rand -base64 32",
  "plain-http":
    "a Secure cookie was sent over plain http, where browsers drop it: use https, or http://localhost, or in development cookie.secure: false",
  "late-change": "ctx.session was changed after the answer, and the change is lost; change it before, or await what changes it",
  "expires-past": "cookie.expires is over, so browsers drop the session cookie at once; use cookie.maxAge",
};

/** Reports something insecure, or a cookie that browsers drop, to the application's listener or to the console. */
export function warn(reason: Exclude<keyof typeof WARNINGS, "late-change">, onEvent: Listener): void {
  if (onEvent !== undefined) emitter(onEvent)({ type: "insecure", reason });
  else console.warn(`web-session-store: ${WARNINGS[reason]}`);
}

/** Reports changes that come too late: each to the application's listener; without one, the first to the console. */
export function lateChanges(onEvent: Listener): (id: string) => void {
  const emit = emitter(onEvent);
  let isTold = onEvent !== undefined;
  return (id) => {
    emit({ type: "lost", id, reason: "late" });
    if (!isTold) console.warn(`web-session-store: ${WARNINGS["late-change"]}`);
    isTold = true;
  };
}
