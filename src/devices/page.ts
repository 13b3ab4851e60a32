/**
 * The page as HTML. Everything that comes from outside is escaped, especially the names of devices.
 *
 * @module
 */
import type { ListedSession } from "../manager/seam.ts";
import { handleOf } from "./handles.ts";
import type { DevicesTexts } from "./texts.ts";

/** The parts of the page, for your own layout. They are HTML, except `lang` and `title`. */
export interface DevicesPage {
  /** For `<html lang>`: the text `lang`. */
  readonly lang: string;
  /** For `<title>`: the text `title`, not escaped. */
  readonly title: string;
  /**
   * For `<head>`: the link to the page's style sheet. Leave it out if your own style sheet has rules for `.devices`.
   */
  readonly style: string;
  /** For `<head>`: the script. Without it, times are in UTC and an open page does not notice that its session ended. */
  readonly script: string;
  /** For `<main>`. Its heading is an `<h1>`. */
  readonly main: string;
}

/** Escapes text for HTML, including attribute values. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Replaces what is in braces. */
export function fill(text: string, parts: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (braces, name: string) => `${parts[name] ?? braces}`);
}

export function plainLayout({ lang, title, style, script, main }: DevicesPage): string {
  return `<!doctype html><html lang="${escaped(lang)}" dir="auto"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escaped(title)}</title>${style}${script}</head><body><main>${main}</main></body></html>`;
}

/** The page's heading, around its content. */
export function section({ title }: DevicesTexts, content: string, attributes = ""): string {
  return `<section class="devices" aria-labelledby="devices"${attributes}><h1 id="devices">${escaped(title)}</h1>${content}</section>`;
}

/**
 * How the list names a session, and how it learns that its own has ended: it watches, or asks every so many seconds.
 */
interface Manner {
  readonly describe: (session: ListedSession) => string;
  readonly watch?: unknown;
  readonly askEvery: number;
}

/** The user's sessions with their buttons. @param notice The outcome of the last button. */
export async function list(
  sessions: readonly ListedSession[],
  notice: string | undefined,
  texts: DevicesTexts,
  { describe, watch, askEvery }: Manner,
): Promise<string> {
  // The current session first, the others by last use.
  const rows = [...sessions].sort((left, right) => Number(right.current) - Number(left.current));
  const shown = rows.map((session, index) => row(session, index, describe(session) || texts.unknown, texts));
  const live = watch ? ' data-watch="1"' : askEvery > 0 ? ` data-ask="${askEvery}"` : "";
  const content = [
    `<p role="alert" tabindex="-1" data-text="${escaped(texts.over)}" data-again="${escaped(texts.again)}"></p>`,
    notice && `<p role="status" tabindex="-1" autofocus>${escaped(notice)}</p>`,
    `<p>${escaped(texts.intro)}</p><ul>${(await Promise.all(shown)).join("")}</ul>`,
    rows.length > 1 && button("others", "", texts.endOthers),
  ];
  return section(texts, content.filter(Boolean).join(""), live);
}

async function row(session: ListedSession, index: number, device: string, texts: DevicesTexts): Promise<string> {
  const { current, startedAt, seenAt, id } = session;
  const name = `<strong><bdi>${escaped(device)}</bdi></strong>`;
  const instants = { began: time(startedAt, texts), seen: time(seenAt, texts) };
  const times = (text: string) => `<small id="times-${index}">${fill(escaped(text), instants)}</small></div>`;
  if (current) return `<li aria-current="true"><div>${name} <em>${escaped(texts.current)}</em>${times(texts.began)}</li>`;
  const label = escaped(fill(texts.endOne, { device }));
  const attributes = ` aria-label="${label}" aria-describedby="times-${index}"`;
  return `<li><div>${name}${times(texts.times)}${button(await handleOf(id), attributes, texts.end)}</li>`;
}

function button(end: string, attributes: string, text: string): string {
  return `<form method="post" action="?end=${end}"><button${attributes}>${escaped(text)}</button></form>`;
}

/** In UTC. The script converts it to the reader's time zone. */
function time(epochSeconds: number, { lang }: DevicesTexts): string {
  const date = new Date(epochSeconds * 1000);
  const text = date.toLocaleString(lang, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
  return `<time datetime="${date.toISOString()}">${escaped(text)} UTC</time>`;
}
