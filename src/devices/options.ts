/**
 * The options of the page, and their checks.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { checkGiven, checkValues, FUNCTION, type Rule, refuseUnknown, textLike, wholeSeconds } from "../ground/option-values.ts";
import type { ListedSession, StoredSessions } from "../manager/seam.ts";
import { type DevicesPage, plainLayout } from "./page.ts";
import { type DevicesTexts, ENGLISH } from "./texts.ts";

/** Options of `devices()`. `Incoming` is the framework's request. For Koa, that is the context. */
export interface DevicesOptions<Incoming = Request> {
  /**
   * Texts that replace the English ones, or a function that returns them for a request, to choose a language. Missing
   * texts stay English.
   */
  texts?: Partial<DevicesTexts> | ((request: Incoming) => Partial<DevicesTexts>);
  /**
   * A session's name in the list, as plain text, which is escaped. The `meta` of a login may come from the client and
   * hold any text. Default: `meta.device`, which a login can set with {@link deviceOf}.
   */
  describe?: (session: ListedSession) => string;
  /** Where visitors who are not logged in are sent: `"/login"`. Default: nowhere. They get a page with status 401. */
  login?: string;
  /**
   * `watch` of `web-session-store/watch`: tells an open page at once when its session ends. Only for stores that can
   * watch, like `durableObject()`. Default: the page is not told.
   */
  watch?: (sessions: StoredSessions<never>, request: Request) => Promise<Response>;
  /**
   * For stores that cannot watch: how often an open page asks whether its session still exists. Whole seconds. Default:
   * it does not ask.
   */
  askEvery?: number;
  /**
   * Puts the page into your own layout. Returns the whole HTML. Risky: escape what you add, and set a
   * Content-Security-Policy, as the response then has none. These parts need no more than
   * `style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'`.
   */
  layout?: (page: DevicesPage, request: Incoming) => string | Promise<string>;
}

/** The options with defaults filled in. */
export interface Settled<Incoming> {
  readonly textsFor: (request: Incoming) => DevicesTexts;
  readonly describe: (session: ListedSession) => string;
  readonly login: string | undefined;
  readonly watch: DevicesOptions["watch"];
  readonly askEvery: number;
  readonly layout: (page: DevicesPage, request: Incoming) => string | Promise<string>;
}

const RULES: Readonly<Record<keyof DevicesOptions, Rule>> = {
  texts: ["an object or a function", (value) => Object(value) === value],
  describe: FUNCTION,
  login: textLike(/./, "an address"),
  watch: ["watch of web-session-store/watch", FUNCTION[1]],
  askEvery: wholeSeconds(1),
  layout: FUNCTION,
};
const KNOWN: ReadonlySet<string> = new Set(Object.keys(RULES));
const KNOWN_TEXTS: ReadonlySet<string> = new Set(Object.keys(ENGLISH));

/** @throws OptionError if an option cannot be used. */
export function settle<Incoming>(options: DevicesOptions<Incoming>): Settled<Incoming> {
  checkGiven(options, "devices", "{ login }");
  refuseUnknown(options, KNOWN);
  checkValues(options, RULES);
  const { texts = {}, describe = named, login, watch, askEvery = 0, layout = plainLayout } = options;
  return { textsFor: chooser(texts), describe, login, watch, askEvery, layout };
}

function chooser<Incoming>(texts: NonNullable<DevicesOptions<Incoming>["texts"]>): (request: Incoming) => DevicesTexts {
  if (typeof texts === "function") return (request) => complete(texts(request));
  const all = complete(texts);
  return () => all;
}

/** @throws OptionError for an unknown text or an invalid language. */
function complete(texts: Partial<DevicesTexts>): DevicesTexts {
  refuseUnknown(texts, KNOWN_TEXTS, [], "text");
  const all = { ...ENGLISH, ...texts };
  for (const [name, text] of Object.entries(all)) if (typeof text !== "string") cannot(`use text ${name}`, "it must be a string");
  try {
    new Intl.Locale(all.lang);
  } catch {
    cannot(`use text lang ${JSON.stringify(all.lang)}`, 'it must be a language tag, like "en" or "de-CH"');
  }
  return all;
}

function named({ meta }: ListedSession): string {
  return meta?.device ?? "";
}
