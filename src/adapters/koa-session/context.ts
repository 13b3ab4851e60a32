/**
 * What a Koa context knows of its session in this dialect, and the object that `ctx.session` inherits from.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import type { Session, Sessions } from "../../index.ts";
import { visitOf } from "../../session/session.ts";
import { baseOf, livingOf, type Visit } from "../../session/visit.ts";
import { lateChange } from "../../session/wish.ts";
import { type Done, methodsOn, ownerOf, type SessionMethods } from "../express-methods.ts";
import { ContextSession } from "../koa/context.ts";
import { commitTo } from "../koa/middleware.ts";
import { type Current, current, keyOf } from "./current.ts";
import { stampsFor } from "./values.ts";

/** What `ctx.session` inherits beside the data: koa-session's properties and methods, and those of Express's sessions. */
export interface KoaSessionMembers extends SessionMethods {
  /** Whether the request came without a session. */
  readonly isNew: boolean;
  /** How long the session lasts after it was saved, in milliseconds, or `"session"`. Set, it counts for this session alone, which is saved then. */
  maxAge: number | "session";
  /** The key in the store, where there is one. */
  readonly externalKey: string | undefined;
  /** How many keys the data has. */
  readonly length: number;
  /** Whether it has any. */
  readonly populated: boolean;
  /** Saves now, whether anything changed or not. The cookie goes with the answer. */
  save(done: Done): void;
  /** The same, as a promise. */
  save(): Promise<void>;
  /** Puts the session's headers on the answer, where the option `autoCommit` is false. The session takes no change afterwards. */
  manuallyCommit(): Promise<void>;
  /** A copy of the data. */
  toJSON(): Record<string, unknown>;
}

/** One request's session. */
export class KoaSessionContext extends ContextSession {
  readonly #visit: Visit;
  readonly #current: Current;
  #isRead = false;
  /** Whether it is saved in any case. */
  #mustSave = false;

  constructor(visitor: Session<never>, sessions: Sessions<never>) {
    const request = current() as Current;
    super(request.options.key, visitor, sessions, false);
    this.#visit = visitOf(visitor);
    this.#current = request;
  }

  override get data(): object | null {
    const data = super.data;
    this.#readStamps();
    return data;
  }

  /** The entries of an object take the place of the data: as in koa-session, the object itself stays the application's. */
  override set data(value: unknown) {
    if (value === null || this.#visit.stage !== "open") {
      super.data = null;
      return;
    }
    if (typeof value !== "object") cannot("use this as the session", "it must be null or an object");
    this.load();
    const entries = Object.entries(value as object);
    this.#visit.used = true;
    this.#visit.data.renew();
    this.#visit.data.become(Object.assign(Object.create(null), Object.fromEntries(entries)));
  }

  get maxAge(): number | "session" {
    this.#readStamps();
    return this.#current.options.maxAge;
  }

  set maxAge(value: number | "session") {
    this.#readStamps();
    if (this.#visit.stage !== "open") lateChange(this.#visit);
    this.#current.options.maxAge = value;
    this.#mustSave = true;
  }

  get externalKey(): string | undefined {
    return this.#current.store === undefined ? undefined : keyOf(this.session.id, this.#current.options);
  }

  /** Goes on with the data, under a new key. */
  override regenerate(): void {
    const before = { ...(this.data ?? {}) };
    this.restart();
    Object.assign(this.data as object, before);
    this.#mustSave = true;
  }

  /** As koa-session saves what it is told to save, also when it is empty. */
  beforeSave(): void {
    this.load();
    this.#mustSave = true;
    this.stamp();
  }

  /** Commits now. */
  async commitNow(): Promise<void> {
    this.stamp();
    await commitTo(this.#current.ctx, this, { status: 200 });
  }

  /** Before a commit: says when a session ends that is to be saved, so that it is. */
  override stamp(): void {
    const visit = this.#visit;
    const { options, store, ctx } = this.#current;
    // Where each answer is to bring the session, it need not be looked at for that.
    if (visit.found.is === "living" && store !== undefined && (options.rolling || options.renew)) visit.used = true;
    if (visit.stage !== "open" || visit.found.is === "unread" || !visit.used) return;
    this.#readStamps();
    const isChanged = visit.data.text() !== (visit.converted ?? baseOf(visit));
    if (!this.#mustSave && !isChanged && !this.#isDue()) return;
    const shown = this.data;
    if (shown === null) return;
    options.beforeSave?.(ctx, shown);
    this.#current.changed = isChanged && !this.#mustSave;
    this.#mustSave = false;
    const { flashes } = visit.data;
    for (const name of ["_expire", "_maxAge", "_session"]) delete flashes[name];
    Object.assign(flashes, stampsFor(options.maxAge));
    // Its cookie ends with it, so that is made again, too.
    const living = livingOf(visit);
    if (living?.cookie === "good") visit.found = { ...living, cookie: "due" };
  }

  /** Whether a session that did not change is saved all the same, so that it ends later. */
  #isDue(): boolean {
    const { rolling, renew, maxAge } = this.#current.options;
    if (livingOf(this.#visit) === null) return false;
    const { _expire } = this.#visit.data.flashes;
    if (rolling) return true;
    return Boolean(renew) && typeof _expire === "number" && maxAge !== "session" && _expire - Date.now() < maxAge / 2;
  }

  /** A session's own end takes the place of the option's. */
  #readStamps(): void {
    if (this.#isRead || this.#visit.found.is === "unread") return;
    this.#isRead = true;
    const { _maxAge, _session } = this.#visit.data.flashes;
    if (_session === true) this.#current.options.maxAge = "session";
    else if (typeof _maxAge === "number") this.#current.options.maxAge = _maxAge;
  }
}

const contextOf = (data: object): KoaSessionContext => ownerOf(data) as KoaSessionContext;

/** The prototype for the data of sessions. */
export const MEMBERS: object = Object.create(methodsOn(Object.prototype), {
  isNew: { get: isNew, set: () => {}, configurable: true },
  maxAge: {
    get(this: object) {
      return contextOf(this).maxAge;
    },
    set(this: object, value: number | "session") {
      contextOf(this).maxAge = value;
    },
    configurable: true,
  },
  externalKey: {
    get(this: object) {
      return contextOf(this).externalKey;
    },
    configurable: true,
  },
  length: {
    get(this: object) {
      return Object.keys(this).length;
    },
    configurable: true,
  },
  populated: {
    get(this: object) {
      return Object.keys(this).length > 0;
    },
    configurable: true,
  },
  manuallyCommit: { value: manuallyCommit, writable: true, configurable: true },
  toJSON: { value: toJSON, writable: true, configurable: true },
});

function isNew(this: object): boolean {
  return contextOf(this).session.isNew;
}

async function manuallyCommit(this: object): Promise<void> {
  await contextOf(this).commitNow();
}

function toJSON(this: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(this).filter(([key]) => !key.startsWith("_")));
}
