/**
 * The page's responses, whatever the framework: the page itself, its buttons, and its assets.
 *
 * @module
 */
import { REFUSED_TEXT, REFUSED_VARY, reasonToRefuse } from "../csrf/decide.ts";
import { cannot } from "../ground/errors.ts";
import type { ListedSession, StoredSessions } from "../manager/seam.ts";
import type { Session } from "../session/session.ts";
import { SCRIPT, STYLE } from "./assets.ts";
import { findByHandle } from "./handles.ts";
import type { Settled } from "./options.ts";
import { escaped, fill, list, plainLayout, section } from "./page.ts";
import type { DevicesTexts } from "./texts.ts";

export interface Asked<Incoming> {
  /** Only its method and headers are used. */
  readonly request: Request;
  /** Host and port as the browser knows them. */
  readonly host: string;
  readonly query: URLSearchParams;
  /** The framework's request. */
  readonly incoming: Incoming;
}

interface Visited<Incoming> extends Asked<Incoming> {
  readonly session: Session<never>;
  readonly sessions: StoredSessions<never>;
  readonly settled: Settled<Incoming>;
  readonly texts: DevicesTexts;
}

/** The flash value that holds the outcome of a button for the next page. */
const NOTICE = "web-session-store/devices";
const NO_ORIGINS: ReadonlySet<string> = new Set();

const STYLE_LINK = '<link rel="stylesheet" href="?style">';
const SCRIPT_LINK = '<script src="?script" defer></script>';
/** Everything the page runs and loads comes from its own origin. */
const POLICY =
  "default-src 'none';style-src 'self';script-src 'self';connect-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'self'";

export async function answer<Incoming>(
  asked: Asked<Incoming>,
  sessions: StoredSessions<never>,
  settled: Settled<Incoming>,
): Promise<Response> {
  const { request, host, query, incoming } = asked;
  const { method, headers } = request;
  const isPost = method === "POST";
  const wants = (what: string) => !isPost && query.has(what);
  // It checks by its own rules who may connect.
  if (settled.watch && wants("watch")) return settled.watch(sessions, request);
  const refused = reasonToRefuse({ method, host, header: (name) => headers.get(name) ?? "" }, NO_ORIGINS);
  if (refused) return text(403, REFUSED_TEXT, { Vary: REFUSED_VARY });
  if (!isPost && method !== "GET" && method !== "HEAD") return text(405, "", { Allow: "GET, HEAD, POST" });
  if (wants("style")) return asset(STYLE, "css");
  if (wants("script")) return asset(SCRIPT, "javascript");
  // `read` does not count as use: an open page must not keep its session alive.
  if (wants("alive")) return text((await sessions.read(request))?.subject === undefined ? 401 : 200, "");
  const texts = settled.textsFor(incoming);
  return sessions.handler((_, session) => answerVisitor({ ...asked, session, sessions, settled, texts }))(request);
}

/** @throws OptionError for sessions without a store. */
export function assertStored(sessions: object | undefined): void {
  if (!sessions || !("list" in sessions))
    cannot("show the sessions of users", "they need a store. Pass sessions made with option store.");
}

async function answerVisitor<Incoming>(visited: Visited<Incoming>): Promise<Response> {
  const { request, session, sessions, settled, texts, query } = visited;
  await session.ready({ fresh: true });
  if (session.gone) return text(409, "Try again", { "Retry-After": "1" });
  const { subject } = session;
  const isPost = request.method === "POST";
  if (subject === undefined) {
    const { login } = settled;
    // Form posts are not redirected: form-action may forbid the target.
    if (login && !isPost) return seeOther(login);
    const link = login ? ` <a href="${escaped(login)}">${escaped(texts.again)}</a>` : "";
    return page(401, section(texts, `<p>${escaped(texts.anonymous)}${link}</p>`), visited);
  }
  const { id, startedAt, expiresAt } = session;
  const own = await sessions.list(subject, { current: id });
  // A store's list may lag behind.
  if (!own.some(({ current }) => current)) own.push({ id, startedAt, seenAt: startedAt, expiresAt, current: true });
  if (!isPost) return page(200, await list(own, session.takeFlash(NOTICE), texts, settled), visited);
  session.flash(NOTICE, await end(visited, subject, own, query.get("end")));
  // Relative, as a mount or a proxy may hide the page's own path.
  return seeOther("?");
}

/** Ends the chosen sessions and returns the notice. */
async function end<Incoming>(
  { session, sessions, settled, texts }: Visited<Incoming>,
  subject: string,
  own: readonly ListedSession[],
  which: string | null,
): Promise<string> {
  if (which === "others") {
    const { count, effect } = await sessions.revokeAll(subject, { except: session.id });
    return fill(effect === "now" ? texts.endedOthers : texts.endsLater, { count });
  }
  const others = own.filter(({ current }) => !current);
  const found = await findByHandle(others, which);
  if (!found || !(await sessions.revoke(subject, found.id))) return texts.notFound;
  // In isolation characters, so that a right-to-left name does not reorder the text around it.
  return fill(texts.ended, { device: `\u2068${settled.describe(found) || texts.unknown}\u2069` });
}

async function page<Incoming>(status: number, main: string, { texts, settled, incoming }: Visited<Incoming>): Promise<Response> {
  const { lang, title } = texts;
  const { layout } = settled;
  const html = await layout({ lang, title, style: STYLE_LINK, script: SCRIPT_LINK, main }, incoming);
  const policy = layout === plainLayout && { "Content-Security-Policy": POLICY };
  return text(status, html, { "Content-Type": "text/html;charset=utf-8", ...policy });
}

function seeOther(location: string): Response {
  return text(303, "", { Location: location });
}

function asset(body: string, type: string): Response {
  return text(200, body, { "Content-Type": `text/${type}`, "Cache-Control": "max-age=600" });
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  const common = { "Content-Type": "text/plain", "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff" };
  return new Response(body, { status, headers: { ...common, ...headers } });
}
