/**
 * `inspect`: says of each cookie what it is, whether it opens, and why not.
 *
 * @module
 */
import { MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import { isSessionId } from "../ground/session-id.ts";
import { type PastedCookie, pastedCookies } from "./cookies.ts";
import type { Finding, Setting } from "./finding.ts";
import { inspectKoaCookie, koaSession } from "./koa-cookies.ts";
import { inspectOwnToken, isOwnToken, joseHeader } from "./own-tokens.ts";
import { printable, printableName } from "./text.ts";

/** What is printed, and whether every session cookie opens. */
export interface Inspection {
  readonly text: string;
  readonly opens: boolean;
}

/** Looks at every cookie in a text; null when there is none. */
export async function inspect(pasted: string, setting: Setting): Promise<Inspection | null> {
  const cookies = pastedCookies(pasted);
  if (cookies.length === 0) return null;
  const findings = await Promise.all(cookies.map((cookie) => inspectCookie(cookie, setting)));
  const sections = findings.map((finding, index) => section(cookies[index] as PastedCookie, finding));
  const verdicts = findings.flatMap(({ opens }) => opens ?? []);
  return { text: sections.join("\n"), opens: verdicts.length > 0 && verdicts.every(Boolean) };
}

async function inspectCookie(cookie: PastedCookie, setting: Setting): Promise<Finding> {
  const { value } = cookie;
  if (cookie.removes || value === "") return { opens: null, rows: [["kind", "removes the cookie"]] };
  if (isOwnToken(value)) return inspectOwnToken(cookie, setting);
  const json = koaSession(value);
  if (json !== null) return inspectKoaCookie(cookie, json, setting);
  return { opens: null, rows: [["kind", otherKind(cookie)]] };
}

/** What a value looks like that is no session cookie of ours. */
function otherKind({ name, value }: PastedCookie): string {
  const header = joseHeader(value);
  if (typeof header?.alg === "string") {
    return `a token of other software (${printable(header.alg.slice(0, 20))}); joseTokens() in the option accept can read such`;
  }
  if (/^s(:|%3A)/i.test(value)) return "express-session's signed id, or that of software like it; not read here";
  if (isKoaSession(value)) return "koa-session's; not read here";
  if (name === undefined && isSessionId(value))
    return "a session's public id, as in a store or a log; without a token it opens nothing";
  return "no session cookie of this library";
}

/** koa-session keeps JSON as base64, with fields of its own. */
function isKoaSession(value: string): boolean {
  try {
    return /"_(expire|maxAge)":/.test(atob(value));
  } catch {
    return false;
  }
}

function section({ name, value }: PastedCookie, { rows, opens }: Finding): string {
  const title = name === undefined ? "(no name)" : printableName(name);
  const bytes = (name?.length ?? 0) + value.length;
  const size = opens === null ? [] : [["size", `${bytes} of at most ${MAX_COOKIE_BYTES} bytes`] as const];
  const lines = [...rows, ...size].map(([label, text]) => `  ${label.padEnd(8)} ${text}\n`);
  return `${title}\n${lines.join("")}`;
}
