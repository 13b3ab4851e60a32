/**
 * The session of a Koa context in the koa-session dialect.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import { type JsonObject, parseData } from "../../ground/json.ts";
import { nodeHeaders, type Session, type Sessions } from "../../index.ts";
import { commit } from "../../manager/commit.ts";
import { managerBehind } from "../../manager/sessions.ts";
import { define, type SessionData } from "../../session/data.ts";
import { visitOf } from "../../session/session.ts";
import { baseOf, livingOf, type Visit } from "../../session/visit.ts";
import { lateChange } from "../../session/wish.ts";
import { STAMPS } from "../../token/koa-session-values.ts";
import { ContextSession } from "../koa/context.ts";
import { commitTo } from "../koa/middleware.ts";
import { type Current, current, keyOf, within } from "./current.ts";
import { legalMaxAge } from "./options.ts";
import { stampsFor } from "./values.ts";

export class KoaSessionContext extends ContextSession {
  readonly #visit: Visit;
  readonly #current: Current;
  #isRead = false;
  /** Whether it is saved even if unchanged. */
  #mustSave = false;

  constructor(visitor: Session<never>, sessions: Sessions<never>) {
    const request = current() as Current;
    super(request.options.key, visitor, sessions, false);
    this.#visit = visitOf(visitor);
    this.#current = request;
    // Callers may run in the context of another request, such as a connection pool's callbacks. The store must see this
    // one.
    for (const name of ["ready", "save", "update", "patch"] as const) {
      const method = visitor[name].bind(visitor) as (...given: unknown[]) => unknown;
      Object.defineProperty(visitor, name, { value: (...given: unknown[]) => within(request, () => method(...given)) });
    }
  }

  override get data(): object | null {
    const data = super.data;
    this.#readStamps();
    return data;
  }

  /** The entries of an object replace the data. As in koa-session, the object itself stays the application's. */
  override set data(value: unknown) {
    if (value === null || this.#visit.stage !== "open") {
      super.data = null;
      return;
    }
    if (typeof value !== "object") cannot("use this as the session", "it must be null or an object");
    this.load();
    const entries = Object.entries(value as object).filter(([key]) => !MEMBER_NAMES.has(key));
    if ((value as { maxAge?: unknown }).maxAge !== undefined) this.maxAge = (value as { maxAge: number }).maxAge;
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
    if (this.#visit.stage !== "open") {
      lateChange(this.#visit);
      return;
    }
    this.#current.options.maxAge = legalMaxAge(value);
    this.#visit.used = true;
    this.#mustSave = true;
  }

  get externalKey(): string | undefined {
    const request = this.#current;
    return request.store && within(request, () => keyOf(this.session.id, request.options));
  }

  /** Keeps the data, in the same object, under a new key. */
  override regenerate(): void {
    const { data } = this;
    const before = Object.entries(data ?? {});
    this.session.destroy();
    for (const [key, value] of before) define(data as JsonObject, key, value);
    this.#mustSave = true;
  }

  /**
   * Saves even an empty session, and puts the cookie on the response at once: with `autoCommit: false` nothing else
   * would.
   */
  async save(): Promise<void> {
    const { ctx } = this.#current;
    this.load();
    this.#mustSave = true;
    this.stamp();
    const canSend = ctx.res !== undefined && !ctx.res.headersSent && ctx.status !== 101;
    const lines = await within(this.#current, () =>
      commit(this.#visit, managerBehind(this.sessions), { mode: canSend ? "send" : "later", status: 200 }),
    );
    if (ctx.res === undefined || ctx.res.headersSent || lines.length === 0) return;
    // These lines already end the old session. The response's own commit must not repeat it.
    this.#visit.farewell = null;
    const headers = nodeHeaders(ctx.res);
    const nameOf = (line: string) => line.slice(0, line.indexOf("="));
    const others = headers.getSetCookie().filter((line) => !lines.some((own) => nameOf(own) === nameOf(line)));
    headers.delete("Set-Cookie");
    for (const line of [...others, ...lines]) headers.append("Set-Cookie", line);
    if (headers.get("Cache-Control") === null) headers.set("Cache-Control", "no-store");
  }

  async commitNow(): Promise<void> {
    this.stamp();
    await within(this.#current, () => commitTo(this.#current.ctx, this, { status: 200 }));
  }

  /** Called before a commit: sets the expiry of a session that is to be saved, which makes it a change to save. */
  override stamp(): void {
    const visit = this.#visit;
    const { options, store, ctx } = this.#current;
    // With rolling or renew, every response extends the session, even if the request did not read it.
    if (visit.found.is === "living" && store !== undefined && (options.rolling || options.renew)) visit.used = true;
    if (visit.stage !== "open" || visit.found.is === "unread" || !visit.used) return;
    this.#readStamps();
    const isChanged = jsonText(visit.data) !== (visit.converted ?? baseOf(visit));
    if (!this.#mustSave && !isChanged && !this.#isDue()) return;
    const shown = this.data;
    if (shown === null) return;
    options.beforeSave?.(ctx, shown);
    if (this.data === null) return;
    this.#current.changed = isChanged && !this.#mustSave;
    this.#mustSave = false;
    const { flashes } = visit.data;
    for (const name of STAMPS) delete flashes[name];
    // A session that ends with the browser has no expiry. `_savedAt` makes it a change all the same.
    Object.assign(flashes, stampsFor(options.maxAge), { _savedAt: Date.now() });
    // The cookie expires with the session, so it is sent again too.
    const living = livingOf(visit);
    if (living?.cookie === "good") visit.found = { ...living, cookie: "due" };
  }

  /** Whether to save an unchanged session to extend it. */
  #isDue(): boolean {
    const { rolling, renew, maxAge } = this.#current.options;
    if (livingOf(this.#visit) === null) return false;
    const { _expire } = this.#visit.data.flashes;
    if (rolling) return true;
    return Boolean(renew) && typeof _expire === "number" && maxAge !== "session" && _expire - Date.now() < maxAge / 2;
  }

  /** A session's own maxAge overrides the option. */
  #readStamps(): void {
    if (this.#isRead || this.#visit.found.is === "unread") return;
    this.#isRead = true;
    const { _maxAge, _session } = this.#visit.data.flashes;
    if (_session === true) this.#current.options.maxAge = "session";
    else if (typeof _maxAge === "number") this.#current.options.maxAge = _maxAge;
  }
}

/**
 * The data's text, after converting the data to what JSON makes of it, as koa-session does at each save: an ObjectId or
 * a Date becomes a string.
 */
function jsonText(data: SessionData): string {
  const text = data.text();
  if (text === "") becomeJson(data);
  return text === "" ? data.text() : text;
}

function becomeJson(data: SessionData): void {
  const { visible } = data;
  let json: JsonObject | null;
  try {
    json = parseData(JSON.stringify(data.stored()));
  } catch {
    // The commit reports values that JSON cannot hold, and where they are.
    return;
  }
  if (json === null) return;
  for (const key of Object.keys(visible)) if (!Object.hasOwn(json, key)) delete visible[key];
  for (const [key, value] of Object.entries(json)) if (Object.hasOwn(visible, key)) define(visible, key, value);
}

/** Keys that are not taken over from an object that replaces the data. */
const MEMBER_NAMES: ReadonlySet<string> = new Set(["maxAge", "length", "populated", "externalKey", "isNew"]);
