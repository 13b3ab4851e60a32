/** What the parts of the playground tell each other: a place, which is a page with a store of its own, and a visit to it. */
import type { Session, SessionOptions, Sessions } from "web-session-store";

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
  readonly options: Omit<SessionOptions, "secrets">;
}

/** What a form does gets, and what a page is made of: nothing of a framework. */
export interface Visit {
  readonly place: Place;
  readonly session: Session<Data>;
  readonly sessions: Pick<Sessions<Data>, "list" | "revoke" | "revokeAll">;
  readonly userAgent: string;
}

/** The cookies of a place: of its visitors, of its users, and of the copy. */
export function cookieNames({ options: { name = "session" } }: Place): string[] {
  return [name, `${name}-user`, `${name}-copy`].map((cookie) => `__Host-Http-${cookie}`);
}

/** Where a user's sessions are known, so that one can be ended from another. */
export const canList = ({ options }: Place): boolean => options.store?.list !== undefined;
/** Where an open page is told of that. Elsewhere it asks. */
export const canWatch = ({ options }: Place): boolean => options.store?.watch !== undefined;
