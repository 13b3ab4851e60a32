/**
 * Hono under test. It stands apart from the libraries for it: ours alone is timed without any of them installed.
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
  // Some throw for cookies that were altered, and Hono would print that.
  app.onError((_, c) => c.text("", 500));
  for (const middleware of use) app.use(middleware as never);
  app.get("/*", async (c) => c.text(await act(deeds, c.req.path, c)));
  return fetchApp((request) => app.fetch(request));
}
