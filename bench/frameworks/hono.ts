/**
 * Hono under test. Separate from the libraries for it, so that ours can be timed without installing them.
 *
 * @module
 */
import { Hono } from "hono";
import { act, type Deeds, noSession } from "../contenders/deeds.ts";
import type { App } from "../harness/app.ts";
import { fetchApp } from "../harness/fetch-app.ts";

// biome-ignore lint/suspicious/noExplicitAny: every library gives Hono's context another session.
export type HonoContext = any;

/** A Hono application under test. */
export function honoApp(deeds: Deeds<HonoContext> = noSession, ...use: unknown[]): App {
  const app = new Hono();
  // Some libraries throw for altered cookies, and Hono would print that.
  app.onError((_, c) => c.text("", 500));
  for (const middleware of use) app.use(middleware as never);
  app.get("/*", async (c) => c.text(await act(deeds, c.req.path, c)));
  return fetchApp((request) => app.fetch(request));
}
