/**
 * SessionRecord: what a store keeps of a session.
 *
 * @module
 */

import { OptionError } from "../ground/errors.ts";

/** What the application says about a login, for lists of sessions: `{ device: "Firefox on Linux" }`. Strings only. */
export type SessionMeta = Readonly<Record<string, string>>;

/** The most characters of a value, and entries, that lists of sessions keep. */
const MAX_META_LENGTH = 200;
const MAX_META_ENTRIES = 16;

/**
 * What a login says, fit for a list: values often come from the client, so they are cut to 200 characters, and control
 * characters, also those that turn the direction of text, are taken out.
 *
 * @throws OptionError when it is no object of at most 16 strings
 */
export function cleanMeta(meta: SessionMeta): SessionMeta {
  const entries = Object.entries(meta ?? [null]);
  if (entries.length > MAX_META_ENTRIES || !entries.every(([, value]) => typeof value === "string")) {
    throw new OptionError("ERR_OPTION", `Cannot log in: meta must be an object of at most ${MAX_META_ENTRIES} strings`);
  }
  return Object.freeze(Object.fromEntries(entries.map(([key, value]) => [key, cleanText(value)])));
}

function cleanText(text: string): string {
  return text
    .slice(0, 2 * MAX_META_LENGTH)
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "")
    .slice(0, MAX_META_LENGTH)
    .replace(/\p{Cs}/gu, "");
}

/** What a store keeps of a session. Instants are epoch seconds. */
export interface SessionRecord {
  /** The session's data: the JSON text of an object. */
  readonly data: string;
  /** 1 at creation, one more with every change of data. */
  readonly version: number;
  /** When the session began: at its creation or at the last login. */
  readonly startedAt: number;
  /** When the session was last used, as far as was written down. */
  readonly seenAt: number;
  /** When the record ends. A store may keep it longer, never shorter. */
  readonly expiresAt: number;
  /** Who is logged in. */
  readonly subject?: string;
  /** What the application said at the login. */
  readonly meta?: SessionMeta;
}

/** One row of a list of sessions. */
export interface SessionInfo {
  /** The public id. */
  readonly id: string;
  /** When it began: its creation, or the last login. Epoch seconds. */
  readonly startedAt: number;
  /** When it was last used, as far as that was written down. Epoch seconds. */
  readonly seenAt: number;
  /** When it ends unless it is used before. Epoch seconds. */
  readonly expiresAt: number;
  /** What the login said of it. */
  readonly meta?: SessionMeta;
}
