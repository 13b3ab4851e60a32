/** The panel that shows what the library did: for the page, and for the form that led to it. */
import { html } from "hono/html";
import type { Report } from "./trace.ts";

/** Stands in the page until all is done, since the session is saved after the page is made. No text of users can be this: it is escaped. */
export const REPORT_HERE = "<!--report-->";

/** Carries the report of a form over the redirect. It holds nothing secret, and whoever writes one fools only their own browser. */
const CARRIER = "playground-report";

export function carry(report: Report): string {
  return `${CARRIER}=${encodeURIComponent(JSON.stringify(report))}; Path=/; Max-Age=30; HttpOnly; SameSite=Lax`;
}

export const dropCarried = `${CARRIER}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`;

/** The report that the browser brings along. Whatever else stands in that cookie is none. */
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

/** The page with the panel in it: for this request, and for the form that led to it. */
export async function withReports(page: string, report: Report, before: Report | undefined): Promise<string> {
  const reports = before === undefined ? [report] : [report, before];
  const panel = await html`<section class="report" aria-labelledby="report">
      <h2 id="report">What the library did</h2>
      ${reports.map(one)}
    </section>`;
  return page.replace(REPORT_HERE, () => String(panel));
}

function one({ request, milliseconds, events, calls, received, set }: Report) {
  const asked = calls.map(({ name, milliseconds }) => html`<li><code>${name}</code> ${took(milliseconds)}</li>`);
  const cookies = (list: Report["received"]) =>
    list.map(({ name, bytes, note }) => html`<li><code>${name}</code> ${bytes} bytes${note && `, ${note}`}</li>`);
  return html`<h3><code>${request}</code> <small>took ${took(milliseconds)}</small></h3>
    <dl>
      <dt>Calls of the store</dt>
      <dd>${calls.length === 0 ? "none" : html`<ul>${asked}</ul>`}</dd>
      <dt>Cookies received</dt>
      <dd>${received.length === 0 ? "none" : html`<ul>${cookies(received)}</ul>`}</dd>
      <dt>Cookies set</dt>
      <dd>${set.length === 0 ? "none" : html`<ul>${cookies(set)}</ul>`}</dd>
      <dt>Events</dt>
      <dd>${events.length === 0 ? "none" : events.join(", ")}</dd>
    </dl>`;
}

function took(milliseconds: number): string {
  return `${milliseconds.toFixed(1)} ms`;
}
