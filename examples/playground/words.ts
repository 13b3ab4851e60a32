/** Describes store calls and events in plain words. */

const CALLS: Readonly<Record<string, string>> = {
  load: "returned the session",
  create: "stored a new session",
  update: "saved what changed",
  replace: "moved the session to a new id",
  touch: "recorded that the session was used",
  remove: "ended a session",
  removeAll: "ended the other sessions of the user",
  list: "listed the sessions of the user",
  take: "handed out a record that may be used once",
  watch: "began to watch the session",
};

/** Describes a store call. An unknown one is named. */
export function saidOfCall(name: string): string {
  return Object.hasOwn(CALLS, name) ? (CALLS[name] as string) : `was asked to ${name}`;
}

const EVENTS: Readonly<Record<string, string>> = {
  created: "A new session began.",
  regenerated: "The session got a new id; the old one is dead.",
  destroyed: "The session ended for good.",
  expired: "The session had expired: it was unused for too long, or too old.",
  invalid: "A cookie was not made here, so it was ignored.",
  unknown: "The cookie is valid, but its session has ended.",
  moved: "The cookie has an old id. The session has another one by now.",
  lost: "A change came too late: its session was gone.",
  ambiguous: "The request brought two sessions, so neither counted.",
  conflict: "Another request was faster, so the change was retried.",
  "store-error": "The store failed.",
};

/** Describes events such as "unknown (load)", except those that calls and cookies already show. */
export function saidOfEvents(events: readonly string[]): string[] {
  const types = new Set(events.map((event) => event.split(" ")[0] ?? ""));
  // A login also creates a session, but the new id already says so.
  if (types.has("regenerated")) types.delete("created");
  return [...types].filter((type) => Object.hasOwn(EVENTS, type)).map((type) => EVENTS[type] as string);
}

/** How long something took. */
export function duration(milliseconds: number): string {
  if (!(milliseconds >= 1)) return "less than a millisecond";
  if (milliseconds >= 1000) return span(milliseconds / 1000);
  const whole = Math.round(milliseconds);
  return `${whole} millisecond${whole === 1 ? "" : "s"}`;
}

const UNITS = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** A duration in the largest unit of which it has at least two, rounded: "30 days", "90 minutes". */
export function span(seconds: number): string {
  const [size, name] = UNITS.find(([unit]) => seconds >= 2 * unit) ?? [1, "second"];
  const count = Math.round(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
