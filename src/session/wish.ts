/**
 * What a request may want of its session beside changes of data: a login, a new id, its end.
 *
 * @module
 */
import { cannot, StateError, type StoreError } from "../ground/errors.ts";
import { parseData } from "../ground/json.ts";
import { checkValue, FLAG, refuseUnknownOf, seconds } from "../ground/option-values.ts";
import { newSessionId } from "../ground/session-id.ts";
import { LONGEST_OWN_TIMEOUT, type Timeouts, timeoutsOf } from "../token/timeouts.ts";
import { committedError } from "./closed.ts";
import { endingOf } from "./found.ts";
import type { SessionHost } from "./host.ts";
import { cleanMeta, type SessionMeta } from "./record.ts";
import { baseOf, idOf, type Login, NEW, subjectOf, type Visit } from "./visit.ts";

/** Options for `login()`. */
export interface LoginOptions {
  /**
   * Keys of `session.data` to keep, with their values when the session moves. Default: all keys if the same
   * subject logs in, or if the visitor was anonymous and came with a cookie of ours that has the prefix
   * `__Host-Http-` or `__Host-`; otherwise none.
   *
   * Data from an accepted token, or from a cookie that another host may have set, is dropped unless you name it here
   * (without `keep`, unsaved keys that are new in this request stay): name only what is harmless if an attacker put
   * it there. Data of another user, or of a session that is gone, is always dropped. A visitor in a store moves once:
   * of several logins at the same time, one gets the data.
   */
  keep?: readonly string[] | undefined;
  /**
   * At most 16 strings that describe the login in lists of sessions, like a device's name. Cut to 200 characters,
   * without control characters. Default: none.
   */
  meta?: SessionMeta | undefined;
  /** False: the cookie ends with the browser. Default: true. */
  remember?: boolean | undefined;
  /**
   * For "remember me": the session expires when it has not been used for this long, whatever the option of the same
   * name says now or later. Holds until the next login. Whole seconds, 1 to 34,560,000 (400 days), at most the
   * absolute timeout. Default: the option's.
   */
  idleTimeout?: number | undefined;
  /**
   * The session expires at this age, even if it is in use. At least {@link idleTimeout}, and otherwise
   * like it. Default: the option's.
   */
  absoluteTimeout?: number | undefined;
}

const LOGIN: ReadonlySet<string> = new Set<keyof LoginOptions>(["keep", "meta", "remember", "idleTimeout", "absoluteTimeout"]);
const DESTROY: ReadonlySet<string> = new Set<keyof DestroyOptions>(["clearSiteData"]);
const RENEWAL: ReadonlySet<string> = new Set(["graceSeconds"]);

/** @throws OptionError for an unknown or invalid option */
export function login(visit: Visit, subject: string, options: LoginOptions, { hostOnly, timeouts }: LoginHost): void {
  checkLogin(subject, options, timeouts);
  const { keep, meta, remember = true, idleTimeout, absoluteTimeout } = options;
  const before = subjectOf(visit);
  const anonymous = before === undefined;
  const same = before === subject;
  const comesAlong = same || (anonymous && hostOnly && !visit.data.accepted);
  const cut =
    keep === undefined && comesAlong
      ? NO_CUT
      : cutFor(visit, anonymous || same ? (keep ?? []) : [], anonymous && keep === undefined);
  const { replacesData, keys, left } = cut === NO_CUT && visit.wish.to === "login" ? visit.wish : cut;
  visit.data.accepted = false;
  visit.wish = {
    to: "login",
    graceSeconds: 0,
    subject,
    meta: meta === undefined ? undefined : cleanMeta(meta),
    remember,
    times: { idleTimeout, absoluteTimeout },
    replacesData,
    keys,
    left: [...left],
  };
  visit.nextId = newSessionId();
}

interface LoginHost {
  /** Whether no other host can have set the cookie, so that an anonymous visitor's data is safe to keep. */
  readonly hostOnly: boolean;
  /** The timeouts of sessions without their own. */
  readonly timeouts: Timeouts;
}

type Cut = Pick<Login, "replacesData" | "keys" | "left">;
const NO_CUT: Cut = { replacesData: false, keys: null, left: [] };

/** @param own Whether to keep keys that are new in this request: nobody else can have planted them. */
function cutFor(visit: Visit, keys: readonly string[], own: boolean): Cut {
  const { wish, data, converted } = visit;
  const earlier: Cut = wish.to === "login" ? wish : NO_CUT;
  const named = keys.filter((key) => earlier.keys?.includes(key) ?? true);
  const replacesData = earlier.replacesData || named.length === 0;
  // Converted data was there too.
  const there = { ...parseData(baseOf(visit)), ...parseData(converted ?? "{}") };
  const dropped = data.keepOnly((key) => keys.includes(key) || (own && !Object.hasOwn(there, key)));
  return { replacesData, keys: replacesData ? null : named, left: [...earlier.left, ...dropped] };
}

/** Requests a new id. @throws OptionError for an unknown option, or a grace that cannot be kept */
export function regenerateId(visit: Visit, options: { graceSeconds?: number }, host: Pick<SessionHost, "assertGrace">): void {
  checkCall("regenerate the id", "regenerateId()", options, RENEWAL);
  const { graceSeconds = 0 } = options;
  if (graceSeconds !== 0) host.assertGrace(visit, graceSeconds);
  const { wish } = visit;
  if (wish.to === "login") visit.wish = { ...wish };
  else {
    const least = wish.to === "stay" ? graceSeconds : Math.min(wish.graceSeconds, graceSeconds);
    visit.wish = { to: "regenerateId", graceSeconds: least };
  }
  visit.nextId = newSessionId();
}

/** Ends the rival sessions of the request, since a login or logout decides. */
export function settleRivals(visit: Visit): void {
  if (visit.rivals === null || visit.rivals === "settled") return;
  visit.ended.push(...visit.rivals);
  visit.rivals = "settled";
}

/** Ends the session. @throws OptionError for an unknown option */
export function destroy(visit: Visit, options: DestroyOptions = {}): void {
  checkCall("end the session", "logout() and destroy()", options, DESTROY);
  const { clearSiteData = [] } = options;
  const value = clearSiteData.length > 0 ? clearSiteDataOf(clearSiteData) : visit.farewell?.clearSiteData;
  const { found, ended, data, cookie } = visit;
  if (found.is === "living") ended.push(endingOf(found));
  // A session that is gone was in a store.
  if (found.is === "gone") ended.push({ is: "session", key: found.key, of: "user" });
  ended.push(...visit.remains.splice(0));
  // Ends whatever this token became in another request, wherever that moved.
  if (found.is === "imported" && found.redemption) ended.push({ is: "token", redemption: found.redemption });
  // Accepted tokens must no longer work, whether used or not.
  if (cookie !== null) ended.push({ is: "accepted", header: cookie });
  settleRivals(visit);
  visit.farewell = { clearSiteData: value };
  visit.found = NEW;
  visit.wish = { to: "stay" };
  visit.nextId = undefined;
  visit.converted = null;
  data.keepOnly(() => false);
  data.accepted = false;
}

/** A change after the response. @throws {@link StateError} unless an event reports it. */
export function lateChange(visit: Visit): void {
  if (visit.onLate === undefined) throw committedError();
  visit.onLate(idOf(visit));
}

export function assertLoaded({ found }: Visit): void {
  if (found.is === "unread") throw notLoadedError();
}

export function notLoadedError(): StateError {
  return new StateError("ERR_SESSION_NOT_LOADED", "Cannot use the session: it is not loaded; await session.ready() first");
}

/** @throws {@link StateError} after the response, {@link StoreError} if the store could not be asked. */
export function assertWritable(visit: Visit): void {
  assertLoaded(visit);
  if (visit.stage !== "open") throw committedError();
  if (visit.found.is === "outage") throw visit.found.error satisfies StoreError;
}

function checkLogin(subject: string, options: LoginOptions, common: Timeouts): void {
  checkCall("log in", "login()", options, LOGIN);
  const { keep, remember } = options;
  if (remember !== undefined) checkValue("remember", remember, FLAG);
  checkTimeouts(options, common);
  if (keep !== undefined && !(Array.isArray(keep) && keep.every((key) => typeof key === "string")))
    cannot("log in", "keep must be a list of keys");
  checkSubject("log in", subject);
}

/** An unset variable must not look like a user. @throws OptionError unless it is a text */
export function checkSubject(action: string, subject: unknown): void {
  if (typeof subject === "string" && subject !== "") return;
  cannot(action, "the subject must be a non-empty string, such as String(user.id)");
}

/** Refuses an idle timeout that would never be reached, since early ends are hard to debug. */
function checkTimeouts({ idleTimeout, absoluteTimeout }: LoginOptions, common: Timeouts): void {
  if (idleTimeout === undefined && absoluteTimeout === undefined) return;
  if (idleTimeout !== undefined) seconds("idleTimeout", idleTimeout, 1, LONGEST_OWN_TIMEOUT);
  if (absoluteTimeout !== undefined) seconds("absoluteTimeout", absoluteTimeout, 1, LONGEST_OWN_TIMEOUT);
  const { idleTimeout: idle, absoluteTimeout: absolute } = timeoutsOf({ idleTimeout, absoluteTimeout }, common);
  // Koa's compatible mode has no idle timeout by default.
  if (idle <= absolute || idle === Number.POSITIVE_INFINITY) return;
  if (idleTimeout === undefined) {
    const why = `it is less than the option idleTimeout, ${idle}. Give login() an idleTimeout, too`;
    cannot(`log in with absoluteTimeout ${absolute}`, why);
  }
  const advice = absoluteTimeout === undefined ? ". Give login() an absoluteTimeout, too" : "";
  cannot(`log in with idleTimeout ${idle}`, `it is more than absoluteTimeout, ${absolute}; both are in seconds${advice}`);
}

function checkCall(action: string, call: string, options: object, known: ReadonlySet<string>): void {
  if (typeof options !== "object" || options === null)
    cannot(action, `its options must be an object, like { ${[...known].join(", ")} }`);
  if (Object.keys(options).length > 0) refuseUnknownOf(call, options, known);
}

/** https://www.w3.org/TR/clear-site-data/ */
const CLEARABLE: readonly SiteDataKind[] = ["cache", "cookies", "storage", "executionContexts", "*"];

/** Something that a browser keeps for a website. */
export type SiteDataKind = "cache" | "cookies" | "storage" | "executionContexts" | "*";

/** Options for `destroy()`. */
export interface DestroyOptions {
  /**
   * What else browsers should drop, sent as `Clear-Site-Data`: `["cache", "storage"]`. They obey over https and on
   * localhost. Risky: `"cookies"` and `"*"` drop the cookies of every application on this domain and its
   * subdomains. Default: nothing.
   */
  clearSiteData?: readonly SiteDataKind[] | undefined;
}

function clearSiteDataOf(kinds: readonly SiteDataKind[]): string {
  for (const kind of kinds) {
    if (!CLEARABLE.includes(kind)) cannot(`clear site data "${kind}"`, `it is one of ${CLEARABLE.join(", ")}`);
  }
  return kinds.map((kind) => `"${kind}"`).join(", ");
}
