/**
 * Remix's router and its session packages.
 *
 * @module
 */
import { createCookie } from "@remix-run/cookie";
import { createRouter } from "@remix-run/fetch-router";
import { Session } from "@remix-run/session";
import { createCookieSessionStorage } from "@remix-run/session/cookie-storage";
import { createMemorySessionStorage } from "@remix-run/session/memory-storage";
import { session } from "@remix-run/session-middleware";
import type { App } from "../harness/app.ts";
import type { Contender } from "../harness/contender.ts";
import { fetchApp } from "../harness/fetch-app.ts";
import { act, type Deeds, noSession, onMap } from "./deeds.ts";
import { SECRET } from "./secrets.ts";

// biome-ignore lint/suspicious/noExplicitAny: the router's context type depends on its middleware.
type RemixContext = any;

/** A router of Remix under test. */
export function remixApp(deeds: Deeds<RemixContext> = noSession, ...use: unknown[]): App {
  const router = createRouter({ middleware: use as never });
  router.get("/*path", async (context: RemixContext) => new Response(await act(deeds, context.url.pathname, context)));
  return fetchApp((request) => router.fetch(request));
}

const contextSession = onMap<RemixContext>((context) => context.get(Session));
const cookie = () => createCookie("__session", { secrets: [SECRET], maxAge: 24 * 60 * 60 });
const common = { ours: false, framework: "remix" } as const;

export const remixContenders: readonly Contender[] = [
  {
    ...common,
    name: "@remix-run/session (cookie)",
    kind: "signed",
    app: () => remixApp(contextSession, session(cookie(), createCookieSessionStorage())),
  },
  {
    ...common,
    name: "@remix-run/session (memory)",
    kind: "store",
    app: () => remixApp(contextSession, session(cookie(), createMemorySessionStorage())),
  },
];
