/**
 * `inspect`: says what each cookie is, whether it opens, and why not.
 *
 * @module
 */
import { MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import { type PastedCookie, pastedCookies } from "./cookies.ts";
import type { Finding, Setting } from "./finding.ts";
import { inspectForeign } from "./foreign.ts";
import { inspectKoaCookie, koaSession } from "./koa-cookies.ts";
import { inspectOwnToken, isOwnToken } from "./own-tokens.ts";
import { printableName } from "./text.ts";

/** The printed text, and whether every session cookie opens. */
export interface Inspection {
  readonly text: string;
  readonly opens: boolean;
}

/** Inspects every cookie in a text. Null if there is none. */
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
  return inspectForeign(cookie);
}

function section({ name, value }: PastedCookie, { rows, opens }: Finding): string {
  const title = name === undefined ? "(no name)" : printableName(name);
  const bytes = (name?.length ?? 0) + value.length;
  const size = opens === null ? [] : [["size", `${bytes} of at most ${MAX_COOKIE_BYTES} bytes`] as const];
  const lines = [...rows, ...size].map(([label, text]) => `  ${label.padEnd(8)} ${text}\n`);
  return `${title}\n${lines.join("")}`;
}
