// The playground: one page, with sessions in each kind of store on Cloudflare Workers. Start it in a clone of the repository,
// after npm ci, with:  npm start
// Open http://localhost:8787. The page explains what to try.
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
import { wholeRival } from "./playground/usual.ts";

export { SessionObject } from "web-session-store/stores/session-object";

// Your application has one of these. Each has its own cookie name, so they do not share sessions.
const places: readonly Place[] = [
  {
    path: "",
    title: "Durable Object",
    code: 'store: durableObject(env.SESSIONS), anonymous: "cookie"',
    about: "Each user has their own object, which holds all their sessions.",
    options: { store: observed(durableObject(env.SESSIONS)), anonymous: "cookie" },
  },
  {
    path: "/copy",
    title: "Durable Object + copy",
    code: 'store: durableObject(env.SESSIONS), anonymous: "cookie", copy: copy({ maxAge: 60 })',
    about: "An object for each user, plus a copy in a cookie, so that most requests do not ask the object.",
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
    about: "Fast reads everywhere, but changes made elsewhere arrive late.",
    options: { name: "kv", store: observed(kv(env.SESSIONS_KV)), anonymous: "cookie" },
  },
  {
    path: "/d1",
    title: "D1",
    code: "store: d1(env.SESSIONS_DB)",
    about: "One SQL database for all users and visitors.",
    options: { name: "d1", store: observed(d1(env.SESSIONS_DB)) },
  },
  {
    path: "/cookie",
    title: "Cookie",
    code: "no store",
    about: "The whole session is in an encrypted cookie. There is nothing to set up and no store to ask.",
    options: { name: "cookie" },
  },
];

// Makes /kv/ the same as /kv.
const app = new Hono({ strict: false });
app.use(csrf());
// The place at "/" comes last, since it matches every path.
const playground = { places, secrets: env.SESSION_SECRET, rival: wholeRival };
for (const place of places.toReversed()) app.route(place.path || "/", placeApp(place, playground));

export default app;
