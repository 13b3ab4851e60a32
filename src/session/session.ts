/**
 * Session: one visitor during one request.
 *
 * @module
 */
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { SessionHost } from "./host.ts";
import { expiryFor, loginAgeOf } from "./next.ts";
import { begin } from "./pending.ts";
import { idOf, noteFailure, refuseSession, startOf, subjectOf, type Visit } from "./visit.ts";
import { assertWritable, type DestroyOptions, destroy, type LoginOptions, login, notLoadedError, regenerateId } from "./wish.ts";

let readVisit: (session: Session<never>, host?: SessionHost) => Visit;

/** The visit behind a session. @param host The only manager it may be of, since others have other cookies. */
export const visitOf = <Data extends object>(session: Session<Data>, host?: SessionHost): Visit =>
  readVisit(session as unknown as Session<never>, host);

/**
 * One visitor during one request.
 *
 * Changes are written after the handler, except by {@link save}, {@link update} and {@link patch}. An untouched
 * session sets no cookie and writes no store.
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
    readVisit = (session, host) =>
      session instanceof Session && (host ?? session.#host) === session.#host
        ? session.#visit
        : refuseSession(session instanceof Session);
  }

  /** Internal: sessions come from `load()`, a handler or a middleware. */
  constructor(visit: Visit, host: SessionHost) {
    this.#visit = visit;
    this.#host = host;
  }

  /**
   * The visitor's data, to change in place at any depth. It is stored as JSON: saving anything else throws a
   * `DataError` with its path. Any key may be missing, since sessions end. Your objects are never frozen. After the
   * response, changing a key throws ERR_SESSION_COMMITTED; a change inside a value is lost.
   */
  get data(): Partial<Data> {
    return this.#read().data.visible as Partial<Data>;
  }

  /**
   * The public id: random, safe to log, useless without its token. `login`, `regenerateId` and `destroy` change it.
   * Until the new id is saved it may change again, if another request was faster.
   */
  get id(): string {
    const visit = this.#read();
    const id = idOf(visit);
    if (visit.wish.to !== "stay" && visit.found.is === "living") this.#host.noteNextId(id, visit.found.key.id);
    return id;
  }

  /** Who is logged in, as passed to `login`; undefined for an anonymous visitor. */
  get subject(): string | undefined {
    return subjectOf(this.#read());
  }

  /** True while the visitor has no session: nothing is stored unless you write. */
  get isNew(): boolean {
    const { found } = this.#read();
    return found.is === "gone" ? found.anew : found.is === "new" || found.is === "outage";
  }

  /**
   * `"moved"` if the session has another id by now: another request logged the user in, or called
   * {@link regenerateId}. This one is empty. {@link isNew} is false if it was a user's, and true if it was a
   * visitor's, which starts again when you write. If you need a user, respond with 409 and `Retry-After: 1`, not 401:
   * the browser has the new cookie or soon will.
   */
  get gone(): "moved" | undefined {
    const { found } = this.#read();
    return found.is === "gone" && found.why === "moved" ? "moved" : undefined;
  }

  /**
   * Seconds since the user logged in; check it before sensitive actions. `Infinity` if nobody is logged in, after an
   * accepted token until `login()`, and while only a copy is known (see {@link ready}'s `fresh`).
   */
  get loginAge(): number {
    return loginAgeOf(this.#read(), this.#host);
  }

  /** When the session began: at its creation or last login, in epoch seconds. Now, if it is new or just logged in. */
  get startedAt(): number {
    return startOf(this.#read()) ?? this.#host.now();
  }

  /** When the session expires if it is not used again, in epoch seconds. */
  get expiresAt(): number {
    return expiryFor(this.#read(), this.#host);
  }

  /**
   * Logs a user in: binds the session to `subject`, gives it a new id and ends the old one, so that a planted id is
   * worthless (session fixation). Both timeouts restart.
   * @param subject The user's stable id in your application. With a store, clients do not see it.
   * @throws OptionError for an invalid subject or option; StateError after the response; StoreError in an outage
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
   * Ends the session forever, in the store and in this browser. It is then empty and new; writing starts another one.
   * Without a store, an earlier copy of the cookie stays valid until it expires.
   */
  destroy(options: DestroyOptions = {}): void {
    destroy(this.#change(), options);
  }

  /**
   * Gives the session a new id and keeps the rest, for a change of privileges. The old id is dead at once: changes by
   * requests under way with it get a {@link GoneError}.
   * @param options `graceSeconds`: how long the old id still reads and writes the session, 1 to 60, for
   * regular rotation. Default: 0.
   * @throws OptionError for a grace that the store cannot keep, or if the session is in its cookie.
   */
  regenerateId(options: { graceSeconds?: number } = {}): void {
    regenerateId(this.#change(), options, this.#host);
  }

  /** Stores a value until {@link takeFlash} reads it, usually in the next request: "Saved", after a redirect. */
  flash(key: string, value: unknown): void {
    this.#change().data.flashes[key] = value;
  }

  /**
   * Returns a value of {@link flash} and removes it; undefined if there is none. Parallel requests may both get it.
   * Requests whose response nobody may see do not remove it: HEAD and prefetches (`Sec-Purpose: prefetch`).
   */
  takeFlash<Value = unknown>(key: string): Value | undefined {
    const { data, stage, found, unseen } = this.#read();
    return data.flash(key, stage === "open" && found.is !== "outage" && !unseen) as Value | undefined;
  }

  /**
   * Loads the session if `lazy` deferred that. `fresh`: from the store, if a copy was loaded. `await` it: it returns
   * a promise if anything has to be waited for.
   *
   * @throws StoreError if the store fails.
   */
  ready({ fresh = false }: { fresh?: boolean } = {}): void | Promise<void> {
    const loading = this.#load(fresh);
    if (!fresh && !(loading instanceof Promise)) return;
    return begin(this.#visit, async () => {
      await loading;
      if (fresh) await this.#host.refresh(this.#visit);
    });
  }

  /**
   * Writes the changes so far to the store now; the cookie still goes with the response. Needed only if something
   * else must see them before the response.
   * @throws DataError for data that cannot be stored or does not fit in the session's cookie; StoreError if the
   * store fails; GoneError if the session has ended or moved since it was loaded; StateError after the response, if
   * the session is in its cookie.
   */
  save(): Promise<void> {
    return this.#loaded(() => this.#host.save(this.#visit));
  }

  /**
   * Changes the data in one step: `change` runs on what the store holds at that moment, and again if another request
   * was faster. For counters and lists, whose new value depends on the old. Saves earlier changes first. Returns the
   * result of `change` once written.
   *
   * @throws GoneError if the session has ended or moved since it was loaded, with nothing written; ConflictError if
   * others were faster every time; DataError as {@link save}; StoreError if the store fails; OptionError without a
   * function.
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
   * Sets keys of the data, each as a whole, and writes them now; `undefined` removes one. For values that do not
   * depend on the old. In an atomic store it is one round trip without a read, even if `lazy` deferred loading. With
   * a schema, and in other stores, the session is read first as by {@link update}. Saves earlier changes first.
   *
   * @throws DataError for what JSON cannot carry, and if the data becomes too large; otherwise as {@link update}
   *
   * @example
   * ```ts
   * await session.patch({ theme: "dark" });
   * ```
   */
  patch(changes: { [Key in keyof Data]?: Data[Key] | undefined }): Promise<void> {
    return begin(this.#visit, () => this.#host.patch(this.#visit, changes as Record<string, unknown>, () => this.#load(false)));
  }

  /** Begins at once if nothing has to be loaded, so that what the handler does next comes after it. */
  #loaded<Result>(call: () => Promise<Result>): Promise<Result> {
    return begin(this.#visit, async () => {
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
