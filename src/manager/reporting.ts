/**
 * Reports to the application: events, and warnings, which go to the console where nobody listens.
 *
 * @module
 */
import type { Emit, SessionEvent } from "./events.ts";

/** Who gets events. */
export type Listener = ((event: SessionEvent) => void) | undefined;

/** What tells the listener, and never fails. */
export function emitter(onEvent: Listener): Emit {
  if (onEvent === undefined) return () => undefined;
  return (event) => {
    // A listener that fails must not fail the request it watches.
    try {
      const heard: unknown = onEvent(event);
      if (heard instanceof Promise) heard.catch(() => {});
    } catch {}
  };
}

/** Reports something insecure, or a cookie that browsers drop, to the application's listener or to the console. */
export function warn(reason: Extract<SessionEvent, { type: "insecure" }>["reason"], text: string, onEvent: Listener): void {
  if (onEvent !== undefined) emitter(onEvent)({ type: "insecure", reason });
  else console.warn(`web-session-store: ${text}`);
}

/** Reports changes that come too late: each to the application's listener; without one, the first to the console. */
export function lateChanges(onEvent: Listener): (id: string) => void {
  const emit = emitter(onEvent);
  let isTold = onEvent !== undefined;
  return (id) => {
    emit({ type: "lost", id, reason: "late" });
    if (!isTold) console.warn(`web-session-store: ${LATE}`);
    isTold = true;
  };
}

const LATE = "ctx.session was changed after the answer, and the change is lost; change it before, or await what changes it";
