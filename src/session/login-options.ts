/**
 * How an application asks for a login and for the end of a session.
 *
 * @module
 */
import { OptionError } from "../ground/errors.ts";
import { checkFlags, refuseUnknown } from "../ground/option-values.ts";
import type { SessionMeta } from "./record.ts";

/** How a login treats what came before it. */
export interface LoginOptions {
  /**
   * Keys of `session.data` that survive, as they are when the session moves. Default: all, if the visitor was anonymous and came with
   * a cookie of ours whose prefix is `__Host-Http-` or `__Host-`, or if it is the same subject; else none. Of an accepted token, and of a cookie that
   * another host may have set, only these survive (without `keep`, what the same request has newly put in): name what does no harm if
   * somebody else put it there. Another user's never do, nor does the data of a session that is gone. Visitors in a store are moved once: of several logins at the same time one has the data.
   */
  keep?: readonly string[];
  /** At most 16 strings for lists of sessions, like a device's name; cut to 200 characters, without control characters. Default: none. */
  meta?: SessionMeta;
  /** False: the cookie ends with the browser. Default true. */
  remember?: boolean;
}

const LOGIN: ReadonlySet<string> = new Set<keyof LoginOptions>(["keep", "meta", "remember"]);
const DESTROY: ReadonlySet<string> = new Set<keyof DestroyOptions>(["clearSiteData"]);
const RENEWAL: ReadonlySet<string> = new Set(["graceSeconds"]);

/** @throws OptionError for an option of a login that there is none of, or that is of another kind. */
export function checkLogin(options: LoginOptions): void {
  checkCall("log in", options, LOGIN);
  const { keep, remember } = options;
  checkFlags({ remember });
  if (keep === undefined || (Array.isArray(keep) && keep.every((key) => typeof key === "string"))) return;
  throw new OptionError("ERR_OPTION", "Cannot log in: keep must be a list of keys");
}

/** @throws OptionError for an option of an end that there is none of. */
export function checkDestroy(options: DestroyOptions): void {
  checkCall("end the session", options, DESTROY);
}

/** @throws OptionError for an option of a new id that there is none of. */
export function checkRenewal(options: object): void {
  checkCall("regenerate the id", options, RENEWAL);
}

function checkCall(action: string, options: object, known: ReadonlySet<string>): void {
  if (typeof options !== "object" || options === null) {
    throw new OptionError("ERR_OPTION", `Cannot ${action}: its options must be an object, like { ${[...known].join(", ")} }`);
  }
  refuseUnknown(options, known);
}

/** What a browser can drop. https://www.w3.org/TR/clear-site-data/ */
const CLEARABLE: readonly SiteDataKind[] = ["cache", "cookies", "storage", "executionContexts", "*"];

/** A kind of what a browser keeps for a website. */
export type SiteDataKind = "cache" | "cookies" | "storage" | "executionContexts" | "*";

/** How a session ends. */
export interface DestroyOptions {
  /**
   * What else the browser is to drop, by a `Clear-Site-Data` header: `["cache", "storage"]`. Browsers obey over https, and on
   * localhost. Risky: `"cookies"` and `"*"` drop the cookies of every application on this domain and its subdomains. Default: nothing.
   */
  clearSiteData?: readonly SiteDataKind[];
}

/**
 * The value of Clear-Site-Data.
 *
 * @throws {@link OptionError} for what is no such kind.
 */
export function clearSiteDataOf(kinds: readonly SiteDataKind[]): string {
  for (const kind of kinds) {
    if (!CLEARABLE.includes(kind)) {
      throw new OptionError("ERR_OPTION", `Cannot clear site data "${kind}": it is one of ${CLEARABLE.join(", ")}`);
    }
  }
  return kinds.map((kind) => `"${kind}"`).join(", ");
}
