/** Applications of Koa on real servers, behind a proxy that speaks https, and their visitors. */
import type { AddressInfo, Server } from "node:net";
import type Koa from "koa";
import { Browser } from "../support/browser.ts";
import { serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

export const ORIGIN = "https://app.example.com";

/** An application that trusts its proxy, and keeps what it fails with to itself. */
export function makeApp(Application: typeof Koa): Koa {
  const app = new Application();
  app.keys = [SECRET];
  app.proxy = true;
  app.silent = true;
  return app;
}

/** Serves an application; each call is a browser of its own. */
export function visitorsOf(app: Koa): () => Browser {
  const serve = serveNode(app.callback());
  return () => new Browser((request) => serve(forwarded(request)));
}

/** The same for an application that listens itself. */
export function visitorsOfServer(server: Server): () => Browser {
  const { port } = server.address() as AddressInfo;
  return () =>
    new Browser((request) => {
      const { pathname, search } = new URL(request.url);
      return fetch(new Request(`http://127.0.0.1:${port}${pathname}${search}`, forwarded(request)), { redirect: "manual" });
    });
}

function forwarded(request: Request): Request {
  request.headers.set("X-Forwarded-Proto", "https");
  request.headers.set("X-Forwarded-Host", new URL(ORIGIN).host);
  return request;
}

/** Sends a form. */
export function post(browser: Browser, path: string, fields: Record<string, string> = {}): Promise<Response> {
  return browser.visit(path, { method: "POST", body: new URLSearchParams(fields) });
}

/** What a page says, as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: whatever the page says.
export async function read(browser: Browser, path: string): Promise<any> {
  const answer = await browser.visit(path);
  if (answer.status !== 200) throw new Error(`${path}: status ${answer.status}`);
  return answer.json();
}

/** Where a redirect leads, seen from the application. */
export function locationOf(answer: Response): URL {
  return new URL(answer.headers.get("Location") ?? "", ORIGIN);
}

/** Goes where an answer leads, to other sites, too, until it leads nowhere. */
export async function follow(browser: Browser, answer: Response): Promise<Response> {
  let latest = answer;
  while (latest.headers.has("Location")) latest = await step(browser, latest);
  return latest;
}

/** Goes one step where an answer leads. */
export function step(browser: Browser, answer: Response): Promise<Response> {
  const to = locationOf(answer);
  return to.origin === ORIGIN ? browser.visit(to.pathname + to.search) : fetch(to, { redirect: "manual" });
}

/** The data of a session, as JSON has it. */
export function dataOf(ctx: Koa.Context): Record<string, unknown> {
  return JSON.parse(JSON.stringify(ctx.session ?? {}));
}
