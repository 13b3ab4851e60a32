// The playground: one page, with its sessions kept in every way that Cloudflare Workers have. Start it with:  npm start
// Open http://localhost:8787, log in with any name in two browsers, and log one out from the other.
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { copy } from "web-session-store/copy";
import { csrf } from "web-session-store/csrf/hono";
import { d1 } from "web-session-store/stores/d1";
import { durableObject } from "web-session-store/stores/durable-object";
import { kv } from "web-session-store/stores/kv";
import { placeApp } from "./playground/app.ts";
import type { Place } from "./playground/places.ts";
import { observed } from "./playground/trace.ts";

export { SessionObject } from "web-session-store/stores/session-object";

// An application has one of these. Each has a cookie name of its own, and so nothing to do with the others.
const places: readonly Place[] = [
  {
    path: "",
    title: "Durable Object",
    code: 'store: durableObject(env.SESSIONS), anonymous: "cookie"',
    about: "Every user has an object of their own. No change is lost, and open pages are told when their session ends.",
    options: { store: observed(durableObject(env.SESSIONS)), anonymous: "cookie" },
  },
  {
    path: "/copy",
    title: "Durable Object + copy",
    code: 'store: durableObject(env.SESSIONS), anonymous: "cookie", copy: copy({ maxAge: 60 })',
    about: "A copy in a cookie answers most requests. What another browser did is seen after at most a minute.",
    options: {
      name: "copied",
      store: observed(durableObject(env.SESSIONS, { salt: "copied" })),
      anonymous: "cookie",
      copy: copy({ maxAge: 60 }),
    },
  },
  {
    path: "/kv",
    title: "KV",
    code: 'store: kv(env.SESSIONS_KV), anonymous: "cookie"',
    about: "Read quickly everywhere, late to know what happened elsewhere. Of parallel changes the last one wins.",
    options: { name: "kv", store: observed(kv(env.SESSIONS_KV)), anonymous: "cookie" },
  },
  {
    path: "/d1",
    title: "D1",
    code: "store: d1(env.SESSIONS_DB)",
    about: "One SQL database for all users, visitors too. No change is lost.",
    options: { name: "d1", store: observed(d1(env.SESSIONS_DB)) },
  },
  {
    path: "/cookie",
    title: "Cookie",
    code: "no store",
    about: "All of it is in the cookie, encrypted. Nothing can be revoked, and of parallel changes the last one wins.",
    options: { name: "cookie" },
  },
];

// So that /kv/ is /kv.
const app = new Hono({ strict: false });
app.use(csrf());
// The place at "/" comes last, since it would answer for all addresses.
for (const place of places.toReversed()) app.route(place.path || "/", placeApp(place, places, env.SESSION_SECRET));

export default app;
