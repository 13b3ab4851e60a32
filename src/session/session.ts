/**
 * Session: one visitor during one request.
 *
 * @module
 */

import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { SessionHost } from "./host.ts";
import { expiryFor, loginAgeOf } from "./next.ts";
import { PendingCalls } from "./pending.ts";
import { idOf, noteFailure, startOf, subjectOf, type Visit } from "./visit.ts";
import { assertWritable, type DestroyOptions, destroy, type LoginOptions, login, notLoadedError, regenerateId } from "./wish.ts";

let readVisit: (session: Session<never>) => Visit;

/** The visit behind a session: for the manager and adapters of ours, not for applications. */
export const visitOf = <Data extends object>(session: Session<Data>): Visit => readVisit(session as unknown as Session<never>);

/**
 * One visitor during one request.
 *
 * Nothing is written before the handler is done, except by {@link save} and {@link update}. A session that nobody reads
 * or changes sets no cookie and writes no store.
 *
 * @example
 * ```ts
 * session.data.cart = ["apple"];
 * session.login(user.id);
 * session.flash("notice", "Welcome back");
 * ```
 */
export class Session<Data extends object = Record<string, unknown>> {
  readonly #visit: Visit;
  readonly #host: SessionHost;

  static {
    readVisit = (session) => session.#visit;
  }

  /** For this library: sessions come from `load()`, a handler or a middleware. */
  constructor(visit: Visit, host: SessionHost) {
    this.#visit = visit;
    this.#host = host;
  }

  /**
   * The visitor's data, yours to change in place and in depth. JSON in, JSON out: a value that JSON cannot carry throws a
   * `DataError` when it is saved, with its path. Any key may be missing, since sessions end. What you put in stays your own object:
   * it is never frozen. After the response a change of a key throws ERR_SESSION_COMMITTED; one inside of a value is lost.
   */
  get data(): Partial<Data> {
    return this.#read().data.visible as Partial<Data>;
  }

  /**
   * The session's public id: random, safe to log, useless without its token. A new one after `login`, `regenerateId` and `destroy`; until
   * that is saved it may become another, if a request at the same time was faster.
   */
  get id(): string {
    const visit = this.#read();
    const id = idOf(visit);
    if (visit.wish.to !== "stay" && visit.found.is === "living") this.#host.noteNextId(id, visit.found.key.id);
    return id;
  }

  /** Who is logged in, as given to `login`; undefined for an anonymous visitor. */
  get subject(): string | undefined {
    return subjectOf(this.#read());
  }

  /** True while the visitor has no session yet: nothing is kept, and nothing will be unless you write. */
  get isNew(): boolean {
    const { found } = this.#read();
    return found.is === "gone" ? found.anew : found.is === "new" || found.is === "outage";
  }

  /**
   * `"moved"` when the request came with a session that has another id by now: another request logged the user in, or called
   * {@link regenerateId}. The session is empty here. {@link isNew} is false where it is a user's, and true where it is a visitor's, which
   * starts again when you write. Where a user is needed, answer 409 with `Retry-After: 1`, not 401: the browser has
   * the new cookie, or will have it in a moment.
   */
  get gone(): "moved" | undefined {
    const { found } = this.#read();
    return found.is === "gone" && found.why === "moved" ? "moved" : undefined;
  }

  /**
   * Seconds since the user logged in: ask before you show or change what matters. `Infinity` for nobody, for a session that came by an
   * accepted token until `login()`, and while only a copy is known (`await session.ready({ fresh: true })` asks the store).
   */
  get loginAge(): number {
    return loginAgeOf(this.#read(), this.#host);
  }

  /** When the session began, at its creation or at the last login, in epoch seconds. Now, for one that is new or just logged in. */
  get startedAt(): number {
    return startOf(this.#read()) ?? this.#host.now();
  }

  /** When the session ends if it is not used again, in epoch seconds. */
  get expiresAt(): number {
    return expiryFor(this.#read(), this.#host);
  }

  /**
   * Logs a user in: binds the session to `subject`, gives it a new id and ends the old one, so that an id somebody
   * planted before is worth nothing (session fixation). Both timeouts restart.
   * @param subject The user's stable id in your application. Not shown to the client when a store holds the session.
   * @throws OptionError for a subject or an option that cannot be used; StateError when the response is made; StoreError in an outage
   *
   * @example
   * ```ts
   * session.login(user.id, remembered ? { idleTimeout: 90 * DAY, absoluteTimeout: 365 * DAY } : { remember: false });
   * ```
   */
  login(subject: string, options: LoginOptions = {}): void {
    login(this.#change(), subject, options, this.#host);
  }

  /** The same as {@link destroy}. */
  logout(options: DestroyOptions = {}): void {
    this.destroy(options);
  }

  /**
   * Ends the session forever, in the store and in this browser. It is empty and new afterwards; what is written then
   * starts another one. Without a store, a copy of the cookie taken before stays good until it expires.
   */
  destroy(options: DestroyOptions = {}): void {
    destroy(this.#change(), options);
  }

  /**
   * Gives the session a new id; everything else stays. For a change of privileges: the old id is dead at once, also for requests that
   * are on their way with it, whose changes get a {@link GoneError}.
   * @param options `graceSeconds`: 1 to 60: until then the old id is the session itself, for reading and writing; for ids that are
   * renewed from time to time. Default 0.
   * @throws OptionError for a grace that the session's store cannot keep, or of a session in its cookie.
   */
  regenerateId(options: { graceSeconds?: number } = {}): void {
    regenerateId(this.#change(), options, this.#host);
  }

  /** Keeps a value until {@link takeFlash} reads it, usually in the next request: "Saved", after a redirect. */
  flash(key: string, value: unknown): void {
    this.#change().data.flashes[key] = value;
  }

  /**
   * The value that {@link flash} kept, once; undefined if there is none. Two requests at the same time may both get it. It stays
   * for the next request when nobody may see this one's answer: HEAD, or a page fetched ahead (`Sec-Purpose: prefetch`).
   */
  takeFlash<Value = unknown>(key: string): Value | undefined {
    const { data, stage, found, unseen } = this.#read();
    return data.flash(key, stage === "open" && found.is !== "outage" && !unseen) as Value | undefined;
  }

  /**
   * Loads the session, where the option `lazy` left that to you. `fresh`: as the store has it, where a copy was loaded. `await` it: it answers
   * at once, with nothing, where nothing has to be waited for.
   *
   * @throws StoreError when the store fails.
   */
  ready({ fresh = false }: { fresh?: boolean } = {}): void | Promise<void> {
    const loading = this.#load(fresh);
    if (!fresh && !(loading instanceof Promise)) return;
    return this.#waitFor(async () => {
      await loading;
      if (fresh) await this.#host.refresh(this.#visit);
    });
  }

  /**
   * Writes to the store now what was changed so far; the cookie still goes with the response. Needed only when something
   * outside must see the change before the response is made.
   * @throws DataError for what cannot be kept, also by the cookie that the session is in; StoreError when the store fails; GoneError when the
   * session ended, or has another id, since it was loaded; StateError when the response is made and the session is in its cookie.
   */
  save(): Promise<void> {
    return this.#loaded(() => this.#host.save(this.#visit));
  }

  /**
   * Changes the data in one step: `change` runs on what the store holds at that moment, and again if another request was
   * faster. For counters and lists, where the new value depends on the old. What was changed before is saved first. Gives what `change` returned,
   * once that was written.
   *
   * @throws GoneError when the session ended, or has another id, since it was loaded: nothing was written; ConflictError when other
   * writers were faster every time; DataError for what cannot be kept, as by {@link save}; StoreError when the store fails.
   *
   * @example
   * ```ts
   * const left = await session.update((data) => (data.credits = (data.credits ?? 0) - 1));
   * ```
   */
  update<Result>(change: (data: Partial<Data>) => Result | Promise<Result>): Promise<Result> {
    return this.#loaded(() => this.#host.update(this.#visit, change as (data: object) => Result | Promise<Result>));
  }

  /**
   * Sets keys of the data, each as a whole, and writes that now; `undefined` removes one. Nothing is read before: in a store that is atomic it is one
   * round trip, also where the option `lazy` left the session unloaded. For what does not depend on the old value; with a schema, and in stores
   * that are not atomic, the session is read first, as by {@link update}. What was changed before is saved first.
   *
   * @throws DataError for what JSON cannot carry, and what is too large with all that is there; otherwise as {@link update}
   *
   * @example
   * ```ts
   * await session.patch({ theme: "dark" });
   * ```
   */
  patch(changes: { [Key in keyof Data]?: Data[Key] | undefined }): Promise<void> {
    return this.#waitFor(() => this.#host.patch(this.#visit, changes as Record<string, unknown>, () => this.#load(false)));
  }

  /** The response waits for what nobody else waits for. */
  #waitFor<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#visit.pending ??= new PendingCalls();
    return this.#visit.pending.run(call);
  }

  /** Begins at once where nothing is to be loaded first, so that what the handler does next comes after it. */
  #loaded<Result>(call: () => Promise<Result>): Promise<Result> {
    return this.#waitFor(async () => {
      const loading = this.#load(false);
      if (loading instanceof Promise) await loading;
      return call();
    });
  }

  #load(fresh: boolean): MaybePromise<void> {
    if (this.#visit.found.is !== "unread") return;
    this.#visit.loading ??= this.#host.load(this.#visit, fresh);
    return this.#visit.loading;
  }

  #read(): Visit {
    if (this.#visit.found.is === "unread") throw notLoadedError();
    if (this.#visit.failing !== null) noteFailure(this.#visit);
    this.#visit.used = true;
    return this.#visit;
  }

  #change(): Visit {
    assertWritable(this.#visit);
    return this.#read();
  }
}
