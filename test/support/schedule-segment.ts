/** What a request wants of one session: from when it has it until the request ends it by `logout()`. */
import type { Values } from "./schedule-history.ts";
import type { Asks } from "./schedule-table.ts";

/** Whose session it is. */
export type Place =
  /** Not known before it is loaded. */
  | { readonly is: "loading" }
  /** It has none, and what it writes begins one. */
  | { readonly is: "nothing" }
  /**
   * `via`: the id by which it came, if that only stands for it. `accepted`: a token of other software led to it, not its own cookie.
   * `brought`: its data came by such a token. `token`: it was made to be that of this one.
   */
  | {
      readonly is: "session";
      readonly id: string;
      readonly via?: string;
      readonly accepted: boolean;
      readonly brought: boolean;
      readonly token?: number;
    }
  /** A user's session that had another id before the request came. */
  | { readonly is: "moved"; readonly id: string }
  /** The same of a visitor, who begins anew; `or` of a user with that id, where both may be. */
  | { readonly is: "anew"; readonly id: string; readonly or?: string }
  /** What a token of other software says. */
  | { readonly is: "token"; readonly token: number }
  | { readonly is: "in-cookie" };

/** A login or a new id that was asked for. */
export interface Identity {
  readonly asked: Extract<Asks, { asks: "login" | "regenerate" }>;
  /** The keys that come along. */
  readonly carries: "all" | readonly string[];
}

/** Where a request is, and since when it counts what others do to that. */
export type Standing = Pick<Segment, "place" | "since">;

export class Segment {
  /** Where it began. */
  readonly origin: Place;
  place: Place;
  /** The moment from which it counts what others did to the place. */
  since: number;
  subject: string | undefined;
  /** What was there when it was loaded. */
  readonly loaded: Values;
  /** What `session.data` shows, with the flash values. */
  view: Map<string, string> = new Map();
  /** The same as it was when the session was loaded, or last written. */
  seen: Values = new Map();
  /** What it changed and what it was not yet told about. Undefined: the key is to go. */
  readonly pending: Map<string, string | undefined> = new Map();
  /** Keys that it ever removed. */
  readonly removed: Set<string> = new Set();
  /** What is asked for and not done. */
  identity: Identity | undefined;
  /** The session that a login or a new id, once it was done, gave it: the answer has to bring its cookie. */
  given: string | undefined;
  /** All that was ever asked for. */
  readonly identities: Identity[] = [];
  /** What `update()` adds to lists where nobody waits for it. */
  readonly owed: string[] = [];
  /** Whether a call of `save()` or `update()` came to its end. */
  wrote = false;
  /** Where it was, and who, when it called one that nobody waits for. */
  readonly calls: (Standing & { readonly subject: string | undefined })[] = [];
  /** What the token of other software says, and what was in a session that it took from the store. */
  said: Values | undefined;
  taken: Values | undefined;

  #settled: Identity | undefined;

  constructor(place: Place, since: number, subject?: string, data: Values = new Map()) {
    this.origin = place;
    this.place = place;
    this.since = since;
    this.loaded = data;
    this.shows(data, subject);
  }

  /** What the session shows from now on. */
  shows(data: Values, subject: string | undefined): void {
    this.view = new Map(data);
    this.seen = new Map(data);
    this.subject = subject;
  }

  /** Whether it made a call that nobody waits for. */
  get unawaited(): boolean {
    return this.calls.length > 0;
  }

  /** Makes such a call. */
  leaves(): void {
    const { place, since, subject } = this;
    this.calls.push({ place, since, subject });
  }

  set(key: string, json: string): void {
    this.view.set(key, json);
    this.pending.set(key, json);
  }

  /** It turns out what was there. */
  finds(key: string, json: string): void {
    this.view.set(key, json);
    if (!this.pending.has(key)) this.seen = new Map(this.seen).set(key, json);
  }

  remove(key: string): void {
    if (!this.view.delete(key)) return;
    this.removed.add(key);
    // What was only here is no change, unless a call that nobody waits for took it to the store.
    if (this.seen.has(key) || this.unawaited) this.pending.set(key, undefined);
    else this.pending.delete(key);
  }

  /** What a login that says nothing of keys takes along: what nobody but the visitor can have brought, or what is the user's own. */
  login(user: string, keep: readonly string[] | undefined): void {
    const anonymous = this.subject === undefined;
    const same = this.subject === user;
    const trusts = this.place.is !== "token" && !(this.place.is === "session" && this.place.brought);
    const all = keep === undefined && (same || (anonymous && trusts));
    const named = all ? "all" : anonymous || same ? (keep ?? []) : [];
    // What a visitor's request has just put in is its own, whoever may have set the cookie.
    const own = anonymous && keep === undefined;
    if (named !== "all") this.#keepOnly((key) => named.includes(key) || (own && !this.seen.has(key)));
    this.subject = user;
    this.#ask({ asked: { asks: "login", user }, carries: both(named, this.identity?.carries ?? "all") });
  }

  #keepOnly(keeps: (key: string) => boolean): void {
    for (const key of [...this.view.keys()]) if (!keeps(key)) this.view.delete(key);
    for (const key of [...this.pending.keys()]) if (!keeps(key)) this.pending.delete(key);
    this.seen = new Map([...this.seen].filter(([key]) => keeps(key)));
    if (!keeps("list")) this.owed.length = 0;
  }

  regenerate(graceSeconds: number): void {
    const { identity } = this;
    const asked = { asks: "regenerate", graceSeconds } as const;
    // A new id that is asked for while a login is on its way is part of the login.
    if (identity?.asked.asks === "login") this.identities.push({ asked, carries: "all" });
    else this.#ask({ asked, carries: "all" });
  }

  #ask(identity: Identity): void {
    this.identity = identity;
    this.identities.push(identity);
  }

  /** What it wanted is done. */
  done(): void {
    this.pending.clear();
    this.identity = undefined;
    this.wrote = true;
  }

  /** A login or a new id gives it a session. `isLast`: it is the one that was asked for last. */
  gets(id: string, isLast = true): void {
    if (this.identities.length > 0) this.given = id;
    if (this.identity === undefined || !isLast) return;
    this.#settled = this.identity;
    this.identity = undefined;
  }

  /** It does not: another request was faster to redeem the token. */
  undo(): void {
    if (this.identity?.asked.asks !== "login") this.identity = this.#settled ?? this.identity;
    this.given = undefined;
  }

  /** What it asks for at its end; nothing, if there is nothing to write. */
  get asks(): Asks | undefined {
    return this.identity?.asked ?? (this.pending.size > 0 ? { asks: "change" } : undefined);
  }
}

function both(left: "all" | readonly string[], right: "all" | readonly string[]): "all" | readonly string[] {
  if (left === "all") return right;
  return right === "all" ? left : left.filter((key) => right.includes(key));
}
