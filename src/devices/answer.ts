/**
 * What the page answers, whatever framework asks: the page itself, its buttons, and what it loads.
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

/** A request for the page. */
export interface Asked<Incoming> {
  /** What sessions ask of it: method and headers. */
  readonly request: Request;
  /** Host and port, as the browser knows them. */
  readonly host: string;
  readonly query: URLSearchParams;
  /** The request as the application knows it. */
  readonly incoming: Incoming;
}

/** The same, with its session. */
interface Visited<Incoming> extends Asked<Incoming> {
  readonly session: Session<never>;
  readonly sessions: StoredSessions<never>;
  readonly settled: Settled<Incoming>;
  readonly texts: DevicesTexts;
}

/** Among the session's flash values: what came of a button, for the page after it. */
const NOTICE = "web-session-store/devices";
const NO_ORIGINS: ReadonlySet<string> = new Set();

const STYLE_LINK = '<link rel="stylesheet" href="?style">';
const SCRIPT_LINK = '<script src="?script" defer></script>';
/** Nothing runs and nothing is loaded that does not come from the same origin. */
const POLICY =
  "default-src 'none';style-src 'self';script-src 'self';connect-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'self'";

/** Answers a request. */
export async function answer<Incoming>(
  asked: Asked<Incoming>,
  sessions: StoredSessions<never>,
  settled: Settled<Incoming>,
): Promise<Response> {
  const { request, host, query, incoming } = asked;
  const { method, headers } = request;
  const isPost = method === "POST";
  const wants = (what: string) => !isPost && query.has(what);
  // It has rules of its own for who may ask.
  if (settled.watch && wants("watch")) return settled.watch(sessions, request);
  const refused = reasonToRefuse({ method, host, header: (name) => headers.get(name) ?? "" }, NO_ORIGINS);
  if (refused) return text(403, REFUSED_TEXT, { Vary: REFUSED_VARY });
  if (!isPost && method !== "GET" && method !== "HEAD") return text(405, "", { Allow: "GET, HEAD, POST" });
  if (wants("style")) return asset(STYLE, "css");
  if (wants("script")) return asset(SCRIPT, "javascript");
  // Reading is no use: a page that stays open and asks does not keep its session alive.
  if (wants("alive")) return text((await sessions.read(request))?.subject === undefined ? 401 : 200, "");
  const texts = settled.textsFor(incoming);
  return sessions.handler((_, session) => answerVisitor({ ...asked, session, sessions, settled, texts }))(request);
}

/** @throws OptionError for what are no sessions in a store */
export function assertStored(sessions: object | undefined): void {
  if (!sessions || !("list" in sessions)) cannot("show the sessions of users", "give what createSessions() made, with a store");
}

async function answerVisitor<Incoming>(visited: Visited<Incoming>): Promise<Response> {
  const { request, session, sessions, settled, texts, query } = visited;
  await session.ready({ fresh: true });
  if (session.gone) return text(409, "Try again", { "Retry-After": "1" });
  const { subject } = session;
  const isPost = request.method === "POST";
  if (subject === undefined) {
    const { login } = settled;
    // A form is not led on: to a browser that would be a form sent to there, which form-action may forbid.
    if (login && !isPost) return seeOther(login);
    const link = login ? ` <a href="${escaped(login)}">${escaped(texts.again)}</a>` : "";
    return page(401, section(texts, `<p>${escaped(texts.anonymous)}${link}</p>`), visited);
  }
  const { id, startedAt, expiresAt } = session;
  const own = await sessions.list(subject, { current: id });
  // A store's list may be late.
  if (!own.some(({ current }) => current)) own.push({ id, startedAt, seenAt: startedAt, expiresAt, current: true });
  if (!isPost) return page(200, await list(own, session.takeFlash(NOTICE), texts, settled), visited);
  session.flash(NOTICE, await end(visited, subject, own, query.get("end")));
  // The address that the browser knows, whatever a mount or a proxy made of it.
  return seeOther("?");
}

/** Ends what a button is for, and says what came of it. */
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
  // Isolated, so that a name that is written from right to left does not turn what stands around it.
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
