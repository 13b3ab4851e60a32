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

/** All that is served together. */
export interface Playground {
  readonly places: readonly Place[];
  readonly secrets: string;
  /** The usual way to keep a session, which the race is run against. */
  readonly rival: Rival;
}

/** The other side of the race, in the words of the page. */
export interface Rival {
  readonly title: string;
  readonly code: string;
  readonly about: string;
}

/** What a form does gets, and what a page is made of: nothing of a framework. */
export interface Visit {
  readonly place: Place;
  readonly session: Session<Data>;
  /** Where there is a store, a user's sessions are known, so that one can be ended from another. */
  readonly stored: StoredSessions<Data> | undefined;
  readonly userAgent: string;
}

/** The two browsers of the page: each is a cookie of its own, with the same users in the same store. */
export const SIDES = ["left", "right"] as const;
export type Side = (typeof SIDES)[number];

/** The name of a place's sessions, or of the further ones of a part of its page. */
export function nameOf({ options: { name = "session" } }: Place, part?: Side | "race" | "usual"): string {
  return part === undefined ? name : `${name}-${part}`;
}

/** The cookies of a place: of its visitors, of its users, and of the copy. */
export function cookieNames(place: Place): string[] {
  return ["", "-user", "-copy"].map((kind) => `__Host-Http-${nameOf(place)}${kind}`);
}

/** Where an open page is told that its session ended. Elsewhere it asks. */
export const canWatch = ({ options }: Place): boolean => "watch" in (options.store ?? {});

/** What a store says of itself; nothing is promised without one. */
export function guaranteesOf(store: unknown): { readonly atomic: boolean; readonly immediate: boolean } {
  const { guarantees } = (store ?? {}) as { guarantees?: { atomic: boolean; immediate: boolean } };
  return guarantees ?? { atomic: false, immediate: false };
}
