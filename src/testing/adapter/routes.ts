/**
 * The routes that every story's application has.
 *
 * @module
 */
import type { Session } from "../../session/session.ts";

/** The session data of the stories. */
interface StoryData {
  views: number;
  cart: string[];
  user: string;
  [key: string]: unknown;
}

/** Handles a path. */
export type StoryRoute = (session: Session<StoryData>, request: Request) => Response | Promise<Response>;

/** The common routes. */
export const ROUTES: Record<string, StoryRoute> = {
  "/": () => new Response("home"),
  "/count": (session) => {
    session.data.views = (session.data.views ?? 0) + 1;
    return new Response(String(session.data.views));
  },
  "/views": (session) => new Response(String(session.data.views ?? "none")),
  "/who": (session) => new Response(session.subject ?? "nobody"),
  "/id": (session) => new Response(session.id),
  "/login": (session, request) => {
    session.login(new URL(request.url).searchParams.get("as") ?? "alice");
    return Response.redirect("https://app.example.com/who", 303);
  },
  "/logout": (session) => {
    session.logout();
    return new Response("bye");
  },
  "/regenerate": (session) => {
    session.regenerateId();
    return new Response("new id");
  },
  "/set": (session, request) => {
    for (const [key, value] of new URL(request.url).searchParams) session.data[key] = value;
    return new Response("set");
  },
  "/get": (session, request) => new Response(String(session.data[new URL(request.url).searchParams.get("key") ?? ""] ?? "none")),
  "/flash": (session) => {
    session.flash("notice", "saved");
    return new Response(null, { status: 303, headers: { Location: "/notice" } });
  },
  "/notice": (session) => new Response(session.takeFlash<string>("notice") ?? "none"),
};

/** The same routes for sessions that load on demand: all except the home page load first. */
export function readyFirst(routes: Record<string, StoryRoute>): Record<string, StoryRoute> {
  const lazily =
    (route: StoryRoute): StoryRoute =>
    async (session, request) => {
      await session.ready();
      return route(session, request);
    };
  return Object.fromEntries(Object.entries(routes).map(([path, route]) => [path, path === "/" ? route : lazily(route)]));
}
