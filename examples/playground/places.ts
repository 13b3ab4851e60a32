/** What the parts of the playground tell each other: a place, which is a page with a store of its own, and a visit to it. */
import type { CookieSessionOptions, Session, StoredOptions, StoredSessions } from "web-session-store";

/** What a session keeps here. */
export interface Data {
  views: number;
  cart: string[];
}

/** A page whose sessions are kept in one way. */
export interface Place {
  /** What its addresses begin with: "/kv", or nothing. */
  readonly path: string;
  readonly title: string;
  /** How an application asks for it. */
  readonly code: string;
  /** What to expect of it, in a sentence or two. */
  readonly about: string;
  readonly options: Omit<StoredOptions, "secrets"> | Omit<CookieSessionOptions, "secrets">;
}

/** What a form does gets, and what a page is made of: nothing of a framework. */
export interface Visit {
  readonly place: Place;
  readonly session: Session<Data>;
  /** Where there is a store, a user's sessions are known, so that one can be ended from another. */
  readonly stored: StoredSessions<Data> | undefined;
  readonly userAgent: string;
}

/** The cookies of a place: of its visitors, of its users, and of the copy. */
export function cookieNames({ options: { name = "session" } }: Place): string[] {
  return [name, `${name}-user`, `${name}-copy`].map((cookie) => `__Host-Http-${cookie}`);
}

/** Where an open page is told that its session ended. Elsewhere it asks. */
export const canWatch = ({ options }: Place): boolean => "watch" in (options.store ?? {});
