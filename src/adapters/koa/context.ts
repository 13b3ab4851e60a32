/**
 * The sessions of a Koa context: `ctx.session`, and those that other middleware opened.
 *
 * @module
 */

import { cannot, DataError } from "../../ground/errors.ts";
import type { JsonObject } from "../../ground/json.ts";
import type { Sessions } from "../../index.ts";
import { managerBehind } from "../../manager/sessions.ts";
import { type Session, visitOf } from "../../session/session.ts";
import type { Visit } from "../../session/visit.ts";
import { assertLoaded, assertWritable, lateChange } from "../../session/wish.ts";
import { type DataOwner, own, withMethods } from "../express-methods.ts";

/** The sessions of one context: the innermost, and the latest opened, whose middleware may have finished. */
interface ContextSessions {
  innermost: ContextSession;
  readonly latest: ContextSession;
}

// On the context itself: a WeakMap takes as long as everything else the request does with its session.
const SESSIONS = Symbol("sessions");

interface Context {
  [SESSIONS]?: ContextSessions;
}

/** The session of one middleware in one request. Fields are private so that printing a context prints no secret. */
export class ContextSession implements DataOwner {
  readonly #name: string;
  readonly #visitor: Session<never>;
  readonly #visit: Visit;
  readonly #sessions: Sessions<never>;
  readonly #lazy: boolean;
  #isRunning = true;
  /** The session that this one hides while its middleware runs. */
  #outer: ContextSession | undefined;
  /** The session opened before this one. */
  #before: ContextSession | undefined;
  #emptied = false;
  /** The application's object that replaced the data, and the proxy shown for it. */
  #foreign: { readonly data: object; readonly shown: object } | undefined;

  /** @param lazy Whether the application loads it with `ready()`. */
  constructor(name: string, visitor: Session<never>, sessions: Sessions<never>, lazy: boolean) {
    this.#name = name;
    this.#visitor = visitor;
    this.#visit = visitOf(visitor);
    this.#sessions = sessions;
    this.#lazy = lazy;
  }

  /** The innermost session of a context, or the one with this name. */
  static of(ctx: object, name: string): ContextSession | undefined {
    const opened = (ctx as Context)[SESSIONS];
    if (name === "") return opened?.innermost;
    let found = opened?.latest;
    while (found !== undefined && found.#name !== name) found = found.#before;
    return found;
  }

  /** Whether this session belongs to the middleware with this manager. */
  isOf(sessions: Sessions<never>): boolean {
    return this.#sessions === sessions;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  show(ctx: object): void {
    const opened = (ctx as Context)[SESSIONS];
    this.#outer = opened?.innermost;
    this.#before = opened?.latest;
    if (Object.getOwnPropertyDescriptor(ctx, "session")?.configurable === false)
      cannot("define ctx.session", "middleware outside this one has already defined it. Remove that, or use it inside this one.");
    (ctx as Context)[SESSIONS] = { innermost: this, latest: this };
    Object.defineProperty(ctx, "session", PROPERTY);
  }

  /** Restores the session of the outer middleware. */
  hide(ctx: object): void {
    this.#isRunning = false;
    const opened = (ctx as Context)[SESSIONS];
    if (this.#outer === undefined || opened === undefined) return;
    opened.innermost = this.#outer;
    Object.defineProperty(ctx, "session", PROPERTY);
  }

  load(): void {
    if (this.#visit.found.is === "unread" && !this.#lazy) void this.#visitor.ready();
  }

  /** Ends the session, loaded or not. */
  delete(): void {
    this.load();
    this.#visitor.destroy();
  }

  /** Called before a commit, for dialects that add something. */
  stamp?(): void;

  get sessions(): Sessions<never> {
    return this.#sessions;
  }

  get session(): Session<never> {
    return this.#visitor;
  }

  /**
   * The value of `ctx.session`: the data, or null if the application has ended the session and stored nothing since.
   */
  get data(): object | null {
    this.load();
    const visit = this.#visit;
    assertLoaded(visit);
    visit.used = true;
    const { visible, replaced } = visit.data;
    const isOver = visit.farewell !== null && visit.found.is !== "living" && visit.wish.to === "stay";
    const ended = this.#emptied && isOver && !replaced;
    if (ended && Object.keys(visible).length === 0) return null;
    return replaced ? this.#shownFor(visible) : own(visible, this);
  }

  /** An object replaces the data. As in koa-session-store, any falsy value ends the session. */
  set data(value: unknown) {
    this.load();
    if (this.#visit.stage !== "open") {
      lateChange(this.#visit);
      return;
    }
    this.#emptied = !value;
    if (this.#emptied) this.restart();
    else if (value !== this.session.data && value !== this.#foreign?.shown) replaceData(this.#visit, value);
  }

  /** Ends the session and shows a new, empty object. References to the old object keep the old data. */
  regenerate(): void {
    this.restart();
  }

  protected restart(): void {
    assertWritable(this.#visit);
    this.#visit.data.renew();
    this.session.destroy();
  }

  end(): void {
    this.data = null;
  }

  #shownFor(data: object): object {
    if (this.#foreign?.data !== data)
      this.#foreign = { data, shown: withMethods(data, managerBehind(this.#sessions).prototype ?? {}, this) };
    return this.#foreign.shown;
  }
}

/**
 * Shared by all contexts: accessors made per context would give each its own object shape, which no runtime optimises.
 */
const PROPERTY: PropertyDescriptor = {
  configurable: true,
  enumerable: true,
  get(this: Context) {
    return this[SESSIONS]?.innermost.data;
  },
  set(this: Context, value: unknown) {
    const opened = this[SESSIONS];
    if (opened !== undefined) opened.innermost.data = value as object | null;
  },
};

function replaceData(visit: Visit, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isExotic(value)) {
    const kind = Array.isArray(value) ? "an array" : `a ${isExotic(value) ? "built-in object" : typeof value}`;
    throw new DataError("ERR_DATA_NOT_JSON", `Cannot use ${kind} as the session: it must be a plain object, or null to end it`);
  }
  assertWritable(visit);
  visit.data.replace(value as JsonObject);
}

/** Whether an object's contents are not in its properties and would be lost: a Map, a Date, a Buffer. */
function isExotic(value: unknown): boolean {
  return Object.prototype.toString.call(value) !== "[object Object]" || ArrayBuffer.isView(value);
}
