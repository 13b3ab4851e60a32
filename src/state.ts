/**
 * What one request knows of its session and wants of it. No input or output happens here.
 *
 * @module
 */
import { OptionError, StateError, type StoreError } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import { clearSiteDataOf, type DestroyOptions, type LoginOptions } from "./login-options.ts";
import { cleanMeta, type SessionMeta, type SessionRecord } from "./record.ts";
import { SessionData } from "./session-data.ts";
import { newSessionId } from "./session-id.ts";
import type { Key } from "./stores/store.ts";

/** A living session, as it was loaded or as it was last written. */
export interface Kept {
  readonly key: Key;
  readonly record: SessionRecord;
  readonly token: TokenState;
}

/** What matters about the token in the visitor's browser. */
interface TokenState {
  /** Whether its cookie ends with the browser. */
  readonly temp: boolean;
  /** The text, as the request brought it. */
  readonly text?: string;
  /** Whether the browser needs a new one: `must` or the session is lost, `due` to record use or a newer key. */
  readonly renew: "no" | "due" | "must";
  /** Whether another answer brings the token of this id: then this request may not replace it by one of its own. */
  readonly elsewhere?: true;
}

/** One request's view of a session. `Session` is its public face; the commit reads it. */
export class SessionState {
  phase: "unloaded" | "open" | "committed" = "unloaded";
  /** Whether the handler read or changed anything. */
  used = false;
  /** The living session, or null while there is none. */
  kept: Kept | null = null;
  /** An id whose session is out of reach: it has a new id, or ended while this request ran. Nothing is written for it. */
  lost: Key | null = null;
  /** The session under its new id, where it may still be read. */
  followed: Kept | null = null;
  /** A session that an accepted token brought, and that is not kept yet. */
  imported: SessionRecord | null = null;
  /** Why the store could not be asked, when the application chose to go on. */
  outage: StoreError | null = null;
  /** What is to be ended at the commit, with the token that named it. */
  ended: { readonly key: Key; readonly place: "session" | "visitor"; readonly token?: string | undefined }[] = [];
  destroyed = false;
  /**
   * How well the record is known: as the store answered in this request, as a `copy` says, or not, because others changed it
   * since the copy was made.
   */
  known: "exact" | "copy" | "stale" = "exact";
  /** When the store answered last. */
  askedAt = 0;
  /** Whether this request wrote to the store. */
  wrote = false;
  renewal: "login" | "regenerateId" | null = null;
  /** Counts logins, new ids and ends, so that a commit on its way does not undo one that came meanwhile. */
  turns = 0;
  /** Whether the data was changed, so that it may hold objects of the application's own. */
  changed = false;
  /** Whether the response was made before the session was loaded. */
  answered = false;
  /** When the session that is shown began; undefined for a new one. */
  startedAt: number | undefined;
  /** Whether what the store holds is to be dropped before this request's data goes in. */
  clear = false;
  /** Whether the response clears every cookie of ours, because two sessions came. */
  ambiguous = false;
  /** A commit that is not done yet. */
  writing: Promise<unknown> | null = null;
  subject: string | undefined;
  meta: SessionMeta | undefined;
  temp = false;
  readonly content: SessionData;
  readonly header: string | null;
  /** Whether nobody may ever see the answer: a HEAD request, or a page that a browser fetches ahead. */
  unseen = false;
  /** What the browser is to drop with the session, as the value of Clear-Site-Data. */
  clearSiteData: string | undefined;
  readonly #trustsVisitors: boolean;
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

  /** Takes over a living session, with its data as an object that is nobody else's. */
  adopt(kept: Kept, data: JsonObject): void {
    this.kept = kept;
    this.#show(kept, data);
  }

  /** Shows a session that has moved on, for reading. */
  follow(from: Key, target: Kept | null): void {
    this.lost = from;
    this.followed = target;
    if (target !== null) this.#show(target);
  }

  /** Shows a session that is to be kept with the next commit. */
  import(key: Key, record: SessionRecord, temp: boolean): void {
    this.imported = record;
    this.#show({ key, record, token: { temp, renew: "must" } });
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

  login(subject: string, { keep, meta, remember = true }: LoginOptions): void {
    if (typeof subject !== "string" || subject === "") {
      throw new OptionError("ERR_OPTION", "Cannot log in: the subject must be a string that is not empty");
    }
    const anonymous = this.subject === undefined;
    const same = this.subject === subject;
    if (keep !== undefined || !(same || (anonymous && this.#trustsVisitors))) {
      this.#keepOnly(anonymous || same ? (keep ?? []) : []);
    }
    this.subject = subject;
    this.meta = meta === undefined ? undefined : cleanMeta(meta);
    this.temp = !remember;
    this.renewal = "login";
    this.turns++;
    this.#id = undefined;
  }

  #keepOnly(keys: readonly string[]): void {
    this.clear = true;
    this.content.keepOnly(keys);
  }

  regenerateId(): void {
    // The session got a new id while this request ran, which serves as well.
    if (this.kept?.token.elsewhere) return;
    this.renewal ??= "regenerateId";
    this.turns++;
    this.#id = undefined;
  }

  destroy({ clearSiteData = [] }: DestroyOptions = {}): void {
    if (clearSiteData.length > 0) this.clearSiteData = clearSiteDataOf(clearSiteData);
    if (this.kept !== null) this.end(this.kept);
    // What moved, or ended elsewhere, was in a store.
    if (this.lost !== null) this.ended.push({ key: this.lost, place: "session" });
    this.destroyed = true;
    this.turns++;
    this.#forget();
    this.content.keepOnly([]);
  }

  /** Has a session ended at the commit. */
  end({ key, record, token }: Kept): void {
    this.ended.push({ key, place: record.subject === undefined ? "visitor" : "session", token: token.text });
  }

  #forget(): void {
    this.kept = null;
    this.followed = null;
    this.imported = null;
    this.lost = null;
    this.renewal = null;
    this.clear = false;
    this.startedAt = undefined;
    this.subject = undefined;
    this.meta = undefined;
    this.temp = false;
    this.#id = undefined;
  }

  /** Draws another id for what could not be written: the store may have kept it in spite of what it said. */
  dropId(): void {
    this.#id = undefined;
  }

  /**
   * Takes back what the request changed, because it failed. What was to end still ends: a destroyed session, and an id
   * that was to be replaced. A login that failed leaves the visitor anonymous, under a new id.
   */
  discard(): void {
    const { kept, renewal } = this;
    if (kept === null) {
      this.#forget();
      this.content.fill("{}");
      return;
    }
    const { subject } = kept.record;
    if (renewal === "login" && subject !== undefined && subject !== this.subject) {
      this.destroy();
      return;
    }
    const id = this.#id;
    this.clear = false;
    this.#show(kept);
    if (renewal === null) return;
    this.renewal = "regenerateId";
    this.#id = id;
  }

  /** What was written is now what is kept. */
  written(kept: Kept): void {
    this.kept = kept;
    this.imported = null;
    this.#id = kept.key.id;
    this.startedAt = kept.record.startedAt;
    this.lost = null;
    this.renewal = null;
    this.clear = false;
  }

  /** The data of a loaded session is of no use: there is no session. */
  reject(): void {
    this.#forget();
    this.content.fill("{}");
  }

  /** The store no longer has what a copy showed: nothing of it is shown any more. */
  vanish(key: Key): void {
    this.#forget();
    this.content.fill("{}");
    this.lost = key;
  }

  /** The session ended, or moved on, while this request ran. */
  lose(key: Key): void {
    this.kept = null;
    this.lost = key;
    this.renewal = null;
  }

  /** Nothing may be changed any more: the response is made. */
  close(): void {
    this.phase = "committed";
    this.content.freeze(this.changed);
  }

  /** @throws {@link StateError} unless the session is loaded. */
  assertLoaded(): void {
    if (this.phase !== "unloaded") return;
    throw new StateError("ERR_SESSION_NOT_LOADED", "Cannot use the session: it is not loaded; await session.ready() first");
  }

  /** @throws {@link StateError} when the response is made, {@link StoreError} when the store could not be asked. */
  assertWritable(): void {
    this.assertLoaded();
    if (this.phase === "committed") {
      throw new StateError(
        "ERR_SESSION_COMMITTED",
        "Cannot change the session: its response is made and its cookie is on the way",
      );
    }
    if (this.outage !== null) throw this.outage;
  }
}
