/**
 * The options of the page, and what they come to.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { checkGiven, checkValues, FUNCTION, type Rule, refuseUnknown, textLike, wholeSeconds } from "../ground/option-values.ts";
import type { ListedSession, StoredSessions } from "../manager/seam.ts";
import { type DevicesPage, plainLayout } from "./page.ts";
import { type DevicesTexts, ENGLISH } from "./texts.ts";

/** Options of `devices()`. `Incoming` is what the framework calls a request: Koa's context. */
export interface DevicesOptions<Incoming = Request> {
  /** Texts in place of the English ones; a function of the request chooses among languages. What is left out stays English. */
  texts?: Partial<DevicesTexts> | ((request: Incoming) => Partial<DevicesTexts>);
  /**
   * A session's name in the list, as plain text: it is escaped. What a login says of its session may come from the client, and so be any text.
   * Default: `meta.device`, which a login can take from {@link deviceOf}.
   */
  describe?: (session: ListedSession) => string;
  /** Where those go who are not logged in: `"/login"`. Default: nowhere; they get a page with status 401. */
  login?: string;
  /**
   * `watch` of `web-session-store/watch`: an open page is told at once when its session ends. Only with stores that can tell, like
   * `durableObject()`. Default: it is not told.
   */
  watch?: (sessions: StoredSessions<never>, request: Request) => Promise<Response>;
  /** For stores that tell nobody: how often an open page asks whether its session goes on. Whole seconds. Default: it does not ask. */
  askEvery?: number;
  /**
   * Puts the page into one of yours. It gives the whole HTML. Risky: what it adds is yours to escape, and the answer then has no
   * Content-Security-Policy but what you set; `style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'` is enough for these parts.
   */
  layout?: (page: DevicesPage, request: Incoming) => string | Promise<string>;
}

/** The options, settled. */
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

/** @throws OptionError for an option that cannot be used */
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

/** @throws OptionError for a text that there is none of, and for a language that is none */
function complete(texts: Partial<DevicesTexts>): DevicesTexts {
  refuseUnknown(texts, KNOWN_TEXTS, [], "text");
  const all = { ...ENGLISH, ...texts };
  for (const [name, text] of Object.entries(all)) if (typeof text !== "string") cannot(`use text ${name}`, "it must be a text");
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
