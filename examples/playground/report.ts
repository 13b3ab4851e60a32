/** The panel that shows what the library did for this page and for the form before it. */
import { html } from "hono/html";
import { REMOVED, type Report } from "./trace.ts";
import { duration, saidOfCall, saidOfEvents } from "./words.ts";

/**
 * A placeholder, since the session is saved after the page is
 * rendered. User text cannot contain it, because it is escaped.
 */
export const REPORT_HERE = "<!--report-->";

/** Carries a form's report across the redirect. It is not secret, and forging it only fools one's own browser. */
const CARRIER = "playground-report";

export function carry(report: Report): string {
  return `${CARRIER}=${encodeURIComponent(JSON.stringify(report))}; Path=/; Max-Age=30; HttpOnly; SameSite=Lax`;
}

export const dropCarried = `${CARRIER}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`;

/** The report in the request's cookies, if it is a valid one. */
export function carriedIn(cookies: string): Report | undefined {
  const value = cookies.split("; ").find((pair) => pair.startsWith(`${CARRIER}=`));
  if (value === undefined) return undefined;
  try {
    const report: unknown = JSON.parse(decodeURIComponent(value.slice(CARRIER.length + 1)));
    return isReport(report) ? report : undefined;
  } catch {
    return undefined;
  }
}

type Shape = "string" | "number" | readonly [Shape] | { readonly [name: string]: Shape };
const COOKIES: Shape = [{ name: "string", bytes: "number", note: "string" }];
const REPORT: Shape = {
  request: "string",
  milliseconds: "number",
  events: ["string"],
  calls: [{ name: "string", milliseconds: "number" }],
  received: COOKIES,
  set: COOKIES,
};

function isReport(value: unknown): value is Report {
  return fits(value, REPORT);
}

function fits(value: unknown, shape: Shape): boolean {
  if (typeof shape === "string") return typeof value === shape;
  if (Array.isArray(shape)) return Array.isArray(value) && value.every((part) => fits(part, shape[0]));
  const parts = Object.entries(shape);
  return (
    typeof value === "object" &&
    value !== null &&
    parts.every(([name, part]) => fits((value as Record<string, unknown>)[name], part))
  );
}

/** The page with the panel: for this request, and for the form before it. */
export async function withReports(page: string, report: Report, before: Report | undefined): Promise<string> {
  const panel = await html`<aside class="report" aria-labelledby="report">
      <h2 id="report" tabindex="-1">What the library did</h2>
      <div data-race-report></div>
      ${before === undefined ? "" : one("For your click", before)} ${one("For this page", report)}
      <p class="to-steps"><a href="#you">Up to the steps</a></p>
    </aside>`;
  return page.replace(REPORT_HERE, () => String(panel));
}

function one(title: string, report: Report) {
  const { request, milliseconds, events, calls, received, set } = report;
  const told = saidOfEvents(events);
  return html`<h3>${title} <code>${request}</code></h3>
    <ul class="said">
      ${received.length === 0 ? html`<li>The browser sent no session cookie.</li>` : received.map(({ name, bytes }) => html`<li>The browser sent <code>${name}</code>, ${bytes} bytes.</li>`)}
      ${calls.length === 0 ? html`<li>No store was asked.</li>` : calls.map(({ name, milliseconds }) => html`<li data-call="${name}">The store ${saidOfCall(name)}${inTime(milliseconds)}.</li>`)}
      ${told.map((text) => html`<li>${text}</li>`)}
      ${set.length === 0 ? html`<li>No cookie was set.</li>` : set.map(({ name, bytes, note }) => html`<li>${saidOfSet(name, bytes, note)}</li>`)}
    </ul>
    <p class="hint">The response took ${duration(milliseconds)}.</p>`;
}

function saidOfSet(name: string, bytes: number, note: string) {
  if (note === REMOVED) return html`The cookie <code>${name}</code> was removed.`;
  return html`The cookie <code>${name}</code> was set, ${bytes} bytes, ${note}.`;
}

/** The store calls of a race request. The page's script adds them up. */
export function raceHeader({ calls }: Report): string {
  return JSON.stringify(calls.map(({ name }) => `The store ${saidOfCall(name)}`));
}

/** A local store is too fast to measure. */
function inTime(milliseconds: number): string {
  return milliseconds < 1 ? "" : `, in ${duration(milliseconds)}`;
}
