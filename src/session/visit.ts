/**
 * What one request knows of its session and wants of it. No input or output happens here.
 *
 * @module
 */
import { OptionError, StateError, type StoreError } from "../ground/errors.ts";
import { type JsonObject, parseData, stringifyData } from "../ground/json.ts";
import { newSessionId } from "../ground/session-id.ts";
import { committedError, SessionData } from "./data.ts";
import { type Ending, endingOf, type Gone, type Imported, type Kept } from "./found.ts";
import { clearSiteDataOf, type DestroyOptions, type LoginOptions } from "./login-options.ts";
import { applyPatch, diff, type Patch } from "./patch.ts";
import type { PendingCalls } from "./pending.ts";
import { cleanMeta, type SessionMeta } from "./record.ts";
import type { OwnTimeouts } from "./timeouts.ts";

/** How a request came, as far as it is known. */
export interface Came {
  /** The whole URL; a path says nothing. */
  readonly url?: string | undefined;
  readonly headers: { get(name: string): string | null | undefined };
}

/** One request's view of a session. `Session` is its public face; the commit reads it. */
export class SessionState {
  /** `closing`: the answer's own commit has begun, and takes no change any more. */
  phase: "unloaded" | "open" | "closing" | "committed" = "unloaded";
  /** Whether the handler read or changed anything. */
  used = false;
  /** The living session, or null while there is none. */
  kept: Kept | null = null;
  gone: Gone | null = null;
  imported: Imported | null = null;
  /** Why the store could not be asked, when the application chose to go on. */
  outage: StoreError | null = null;
  ended: Ending[] = [];
  /** What the request's tokens name that is no session any more, or was none: an end is carried out for it, too. */
  readonly remains: Ending[] = [];
  destroyed = false;
  /**
   * How well the record is known: as the store answered in this request, as a `copy` says, or not, because others changed it
   * since the copy was made.
   */
  known: "exact" | "copy" | "stale" = "exact";
  /** When the store answered last. */
  askedAt = 0;
  /** When the session was loaded: what moved before that, a copy may still show. */
  loadedAt = 0;
  /** Whether this request wrote to the store. */
  wrote = false;
  renewal: "login" | "regenerateId" | null = null;
  /** The timeouts that a login gives its session. */
  #loginTimeouts: OwnTimeouts = {};
  /** How long the id that `regenerateId()` replaces still counts. */
  graceSeconds = 0;
  /** Counts logins, new ids and ends, so that a commit on its way does not undo one that came meanwhile. */
  turns = 0;
  /** The id that this request gave the session, which no other answer brings, and no accepted token leads to. */
  madeId: string | null = null;
  /** The data as it was shown, where that is not what is kept: `migrate` made it fit. */
  migrated: string | null = null;
  /** An `update()` that has the session to itself. */
  updating: Promise<unknown> | null = null;
  /** Counts ends alone: what was called before one is no part of the session after it. */
  ends = 0;
  /** Whether the response was made before the session was loaded. */
  answered = false;
  /** When the session that is shown began; undefined for a new one. */
  startedAt: number | undefined;
  /** Whether what the store holds is to be dropped before this request's data goes in. */
  clear = false;
  /** Whether the answer removes accepted cookies: one brought the session, which has a cookie of ours now, or somebody logged in or out. */
  clearsAccepted = false;
  /** The same as loading found it: what a login did that failed is no part of that. */
  cameAccepted = false;
  /** The keys that a login takes along, as they are when the session moves; null where it names none. */
  keeps: readonly string[] | null = null;
  /** What a login left behind: that it is not there any more is no change of the data. */
  readonly leftBehind: string[] = [];
  /** Whether several sessions came, or more cookies than are looked at, so that none was used. */
  ambiguous = false;
  /** How each of the sessions ends that came then. */
  rivals: readonly Ending[] = [];
  /** Whether a login or an end settled which of several sessions counts: then the browser drops all it has under our names. */
  settled = false;
  /** What goes on the answer, while that is not known yet. */
  committing: Promise<unknown> | null = null;
  /** What the answer's own commit failed with. */
  failure: unknown;
  /** A commit that is not done yet. */
  writing: Promise<unknown> | null = null;
  /** What the handler has asked for and may not have waited for. */
  pending: PendingCalls | null = null;
  subject: string | undefined;
  meta: SessionMeta | undefined;
  temp = false;
  readonly content: SessionData;
  readonly header: string | null;
  /** The request's method, if it is known. */
  method: string | undefined;
  /** The request itself, where it came as one. */
  request: Came | undefined;
  /** Whether nobody may ever see the answer: a HEAD request, or a page that a browser fetches ahead. */
  unseen = false;
  /** Tells whether the handler has failed, and an error handler goes on with the session. */
  failing: (() => boolean) | undefined;
  /** The data as the handler left it that failed. */
  #failedWith: string | undefined;
  /** What the browser is to drop with the session, as the value of Clear-Site-Data. */
  clearSiteData: string | undefined;
  /** The data that changes are counted from: as it was loaded, or last written. */
  #base = "{}";
  readonly #trustsVisitors: boolean;
  #onLate: ((id: string) => void) | undefined;
  #id: string | undefined;

  /**
   * @param header The Cookie header the session came with.
   * @param prototype That of `session.data`.
   * @param trustsVisitors Whether a login may keep what an anonymous visitor brought: nobody else can have set that cookie.
   */
  constructor(header: string | null = null, trustsVisitors = false, prototype: object | null = null) {
    this.content = new SessionData(prototype);
    this.header = header;
    this.#trustsVisitors = trustsVisitors;
  }

  get id(): string {
    this.#id ??= newSessionId();
    return this.#id;
  }

  /** The timeouts that the session has of its own: those of a login that is asked for, else those it came with. */
  get ownTimeouts(): OwnTimeouts {
    return this.renewal === "login" ? this.#loginTimeouts : ((this.kept ?? this.imported)?.record ?? {});
  }

  /** The JSON text that this request's changes are counted from. */
  get base(): string {
    return (this.kept ?? this.imported)?.record.data ?? this.#base;
  }

  /** Takes over a living session, with its data as an object that is nobody else's. */
  adopt(kept: Kept, data: JsonObject): void {
    this.kept = kept;
    this.#show(kept, data);
  }

  /** Shows a session that is to be kept, under an id of our own, with the next commit. */
  import(imported: Imported): void {
    const { record, temp } = imported;
    this.#show({ key: { id: newSessionId() }, record, token: { temp, renew: "must" } });
    this.imported = imported;
  }

  #show({ key, record, token }: Kept, data?: JsonObject): void {
    this.#id = key.id;
    this.startedAt = record.startedAt;
    this.subject = record.subject;
    this.meta = record.meta;
    this.temp = token.temp;
    if (data === undefined) this.content.fill(record.data);
    else this.content.take(data);
  }

  login(subject: string, { keep, meta, remember = true, idleTimeout, absoluteTimeout }: LoginOptions): void {
    if (typeof subject !== "string" || subject === "") {
      throw new OptionError("ERR_OPTION", "Cannot log in: the subject must be a string that is not empty");
    }
    const anonymous = this.subject === undefined;
    const same = this.subject === subject;
    const comesAlong = same || (anonymous && this.#trustsVisitors && !this.content.accepted);
    if (keep !== undefined || !comesAlong) this.#keepOnly(anonymous || same ? (keep ?? []) : [], anonymous && keep === undefined);
    this.content.accepted = false;
    this.clearsAccepted = true;
    this.subject = subject;
    this.meta = meta === undefined ? undefined : cleanMeta(meta);
    this.temp = !remember;
    this.renewal = "login";
    this.#loginTimeouts = { idleTimeout, absoluteTimeout };
    this.turns++;
    this.#id = undefined;
  }

  /** What a visitor's own request has just put in is nobody else's, whoever may have set the cookie that it came with. */
  #keepOnly(keys: readonly string[], own: boolean): void {
    const named = keys.filter((key) => this.keeps?.includes(key) ?? true);
    this.clear ||= named.length === 0;
    this.keeps = this.clear ? null : named;
    // What migrate() made of the data was there, too.
    const there = { ...parseData(this.base), ...parseData(this.migrated ?? "{}") };
    const dropped = this.content.keepOnly((key) => keys.includes(key) || (own && !Object.hasOwn(there, key)));
    this.leftBehind.push(...dropped);
  }

  /** Ends all the sessions that came, where there were several: a login or an end says which one counts. */
  settle(): void {
    if (!this.ambiguous) return;
    this.ended.push(...this.rivals);
    this.ambiguous = false;
    this.settled = true;
  }

  regenerateId(graceSeconds: number): void {
    if (this.renewal === null) this.graceSeconds = graceSeconds;
    else this.graceSeconds = Math.min(this.graceSeconds, graceSeconds);
    this.renewal ??= "regenerateId";
    this.turns++;
    this.#id = undefined;
  }

  destroy({ clearSiteData = [] }: DestroyOptions = {}): void {
    if (clearSiteData.length > 0) this.clearSiteData = clearSiteDataOf(clearSiteData);
    if (this.kept !== null) this.end(this.kept);
    // What moved, or ended elsewhere, was in a store.
    if (this.gone !== null) this.ended.push({ is: "session", key: this.gone.key, place: "session" });
    this.ended.push(...this.remains.splice(0));
    // What a token of this request became by another one ends, too, also where it went.
    if (this.imported?.redemption) this.ended.push({ is: "token", redemption: this.imported.redemption });
    // Accepted tokens must bring nothing any more, whether they were used or not.
    if (this.header !== null) this.ended.push({ is: "accepted", header: this.header });
    this.settle();
    this.destroyed = true;
    this.clearsAccepted = true;
    this.turns++;
    this.ends++;
    this.gone = null;
    this.#forget();
    this.content.keepOnly(() => false);
    this.content.accepted = false;
  }

  /** Has a session ended at the commit. */
  end(kept: Kept): void {
    this.ended.push(endingOf(kept));
  }

  #forget(): void {
    this.kept = null;
    this.imported = null;
    this.#endRenewal();
    this.startedAt = undefined;
    this.subject = undefined;
    this.meta = undefined;
    this.temp = false;
    this.#id = undefined;
    this.#base = "{}";
  }

  /** The login or new id that was asked for is done, or is not to be. */
  #endRenewal(): void {
    this.renewal = null;
    this.graceSeconds = 0;
    this.clear = false;
    this.keeps = null;
    this.leftBehind.length = 0;
  }

  /** Draws another id for what could not be written: the store may have kept it in spite of what it said. */
  dropId(): void {
    this.#id = undefined;
  }

  /** Somebody asks for the session. What an error handler does to it is no part of what failed. */
  noteFailure(): void {
    if (this.#failedWith === undefined && this.failing?.()) this.#failedWith = this.content.text();
  }

  /**
   * Takes back what the request changed and did not write, because it failed, but not what an error handler changed since. A session
   * that was to end still ends.
   */
  discard(): void {
    const { kept, imported } = this;
    const since = this.#changedSinceFailure();
    this.clearsAccepted = this.cameAccepted || this.destroyed;
    this.#endRenewal();
    if (kept !== null) this.#show(kept);
    else if (imported !== null && since !== null) this.import(imported);
    else this.reject();
    if (since !== null) this.content.fill(applyPatch(this.base, since));
  }

  /** What an error handler did to the data. That a login of its own left something behind is taken back with the login. */
  #changedSinceFailure(): Patch | null {
    const failedWith = this.#failedWith ? parseData(this.#failedWith) : null;
    const since = failedWith && diff(failedWith, parseData(this.content.text()) ?? failedWith);
    return since && { set: since.set, unset: since.unset.filter((key) => !this.leftBehind.includes(key)) };
  }

  /** Goes on with the session that another request made of the same accepted token. */
  joinImported(kept: Kept): void {
    const before = this.migrated ?? this.base;
    this.migrated = null;
    this.imported = null;
    this.kept = kept;
    this.#id = this.renewal === null ? kept.key.id : undefined;
    this.catchUp(before, kept.record.data);
    if (this.renewal === "login") this.content.accepted = false;
  }

  /** Goes on with the session as the store has it now. @param migrated Its data, where that has to be shown as `migrate` makes it. */
  goOnWith(kept: Kept, migrated: string | null = null): void {
    const before = this.migrated ?? this.base;
    this.kept = kept;
    this.known = "exact";
    this.migrated = migrated;
    if (this.phase !== "committed") this.catchUp(before, migrated ?? kept.record.data);
  }

  /**
   * Goes on from data that others have written meanwhile. What this request changed stays changed. A login leaves behind what came
   * since, as it does with what it saw.
   */
  catchUp(before: string, now: string): void {
    if (!this.clear && this.keeps === null) {
      this.content.rebase(before, now);
      return;
    }
    const seen = parseData(before) ?? {};
    const came = Object.keys(parseData(now) ?? {}).filter((key) => !Object.hasOwn(seen, key) && !this.keeps?.includes(key));
    this.leftBehind.push(...came);
    if (!this.clear) this.content.rebase(this.withoutLeft(before), this.withoutLeft(now));
  }

  /** The data without what a login left behind. */
  withoutLeft(text: string): string {
    if (this.leftBehind.length === 0) return text;
    const data = parseData(text) ?? {};
    for (const key of this.leftBehind) delete data[key];
    return stringifyData(data);
  }

  /** What was written is now what is kept. */
  written(kept: Kept): void {
    this.kept = kept;
    this.imported = null;
    this.gone = null;
    this.#id = kept.key.id;
    this.startedAt = kept.record.startedAt;
    this.#endRenewal();
    this.migrated = null;
  }

  /** The data of a loaded session is of no use: there is no session. */
  reject(): void {
    this.#forget();
    this.content.fill("{}");
  }

  /** The store no longer has what a copy showed: there is no session, and the copy is wrong. */
  vanish(): void {
    this.reject();
    this.gone = null;
    this.known = "stale";
  }

  /** There is no session to be shown: it had moved before this request could see it. */
  miss(gone: Gone): void {
    this.reject();
    this.gone = gone;
  }

  /** The session moved or ended while this request ran. What the request wants of it stays as it is. */
  lose(gone: Gone): void {
    this.#base = this.base;
    this.kept = null;
    this.imported = null;
    this.gone = gone;
  }

  /** Nothing may be changed any more: the answer is made. @param onLate Is told of late changes, which throw where there is none. */
  close(phase: "closing" | "committed", onLate?: (id: string) => void): void {
    this.phase = phase;
    this.#onLate = onLate;
    if (this.content.isClosed) return;
    this.content.close(onLate && (() => onLate(this.id)));
  }

  /** A change that comes after the answer. @throws {@link StateError} unless the application is to be told by an event. */
  lateChange(): void {
    if (this.#onLate === undefined) throw committedError();
    this.#onLate(this.id);
  }

  /** @throws {@link StateError} unless the session is loaded. */
  assertLoaded(): void {
    if (this.phase !== "unloaded") return;
    throw new StateError("ERR_SESSION_NOT_LOADED", "Cannot use the session: it is not loaded; await session.ready() first");
  }

  /** @throws {@link StateError} when the response is made, {@link StoreError} when the store could not be asked. */
  assertWritable(): void {
    this.assertLoaded();
    if (this.phase === "closing" || this.phase === "committed") {
      throw committedError();
    }
    if (this.outage !== null) throw this.outage;
  }
}
