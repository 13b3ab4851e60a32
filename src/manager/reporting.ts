/**
 * Events and warnings for the application. Warnings go to the console if nobody listens.
 *
 * @module
 */
import type { Emit, SessionEvent } from "./events.ts";

export type Listener = ((event: SessionEvent) => void) | undefined;

/** Emits events, and never fails. */
export function emitter(onEvent: Listener): Emit {
  if (onEvent === undefined) return () => undefined;
  return (event) => {
    try {
      const heard: unknown = onEvent(event);
      if (heard instanceof Promise) heard.catch(() => {});
    } catch {}
  };
}

/** Warns of something insecure, or of a cookie that browsers drop. */
export function warn(reason: Extract<SessionEvent, { type: "insecure" }>["reason"], text: string, onEvent: Listener): void {
  if (onEvent !== undefined) emitter(onEvent)({ type: "insecure", reason });
  else console.warn(`web-session-store: ${text}`);
}

/** Reports late changes: all of them to a listener, or only the first to the console. */
export function lateChanges(onEvent: Listener): (id: string) => void {
  const emit = emitter(onEvent);
  let isTold = onEvent !== undefined;
  return (id) => {
    emit({ type: "lost", id, reason: "late" });
    if (!isTold) console.warn(`web-session-store: ${LATE}`);
    isTold = true;
  };
}

const LATE = "ctx.session was changed after the response, so the change is lost. Change it earlier, or await the code that does";
