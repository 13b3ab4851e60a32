/** Types that the playground's parts share. A place is a page with its own store. A visit is a request to it. */
import type { CookieSessionOptions, Session, StoredOptions, StoredSessions } from "web-session-store";

/** The data of a session. */
export interface Data {
  views: number;
  cart: string[];
}

/** A page that stores its sessions in one way. */
export interface Place {
  /** The path prefix: "/kv", or empty. */
  readonly path: string;
  readonly title: string;
  /** The options an application would use. */
  readonly code: string;
  /** What to expect of it, in a sentence or two. */
  readonly about: string;
  readonly options: Omit<StoredOptions, "secrets"> | Omit<CookieSessionOptions, "secrets">;
}

/** Everything that one server serves. */
export interface Playground {
  readonly places: readonly Place[];
  readonly secrets: string;
  /** The usual way to store a session, as the opponent in the race. */
  readonly rival: Rival;
}

/** The other side of the race, as the page describes it. */
export interface Rival {
  readonly title: string;
  readonly code: string;
  readonly about: string;
}

/** What actions and pages get. It does not depend on a framework. */
export interface Visit {
  readonly place: Place;
  readonly session: Session<Data>;
  /** Only with a store can a user's sessions be listed and ended. */
  readonly stored: StoredSessions<Data> | undefined;
  readonly userAgent: string;
}

/** The two browsers on the page: each has its own cookie, with the same users in the same store. */
export const SIDES = ["left", "right"] as const;
export type Side = (typeof SIDES)[number];

/** The session name of a place, or of a part of its page. */
export function nameOf({ options: { name = "session" } }: Place, part?: Side | "race" | "usual"): string {
  return part === undefined ? name : `${name}-${part}`;
}

/** The cookies of a place: for visitors, for users, and for the copy. */
export function cookieNames(place: Place): string[] {
  return ["", "-user", "-copy"].map((kind) => `__Host-Http-${nameOf(place)}${kind}`);
}

/** Whether the store can notify an open page when its session ends. Otherwise the page polls. */
export const canWatch = ({ options }: Place): boolean => "watch" in (options.store ?? {});

/** The guarantees that a store declares. None without a store. */
export function guaranteesOf(store: unknown): { readonly atomic: boolean; readonly immediate: boolean } {
  const { guarantees } = (store ?? {}) as { guarantees?: { atomic: boolean; immediate: boolean } };
  return guarantees ?? { atomic: false, immediate: false };
}
