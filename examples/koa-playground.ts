// The playground on Koa: the page of worker.ts, served by Node. Start it in a clone of the repository, after npm ci, with:
// npm run start:koa
// Open http://localhost:3000. The page explains what to try. It includes Redis if one is running at REDIS_URL.
import { memory } from "web-session-store/stores/memory";
import { sqlite } from "web-session-store/stores/sqlite";
import { koaPlayground } from "./playground/koa-app.ts";
import { koaSessionRival } from "./playground/koa-usual.ts";
import type { Place } from "./playground/places.ts";
import { redisPlace } from "./playground/redis-place.ts";
import { observed } from "./playground/trace.ts";

const database = sqlite(process.env.DATABASE ?? "sessions.db");
const redis = await redisPlace();

// Your application has one of these. Each has its own cookie name, so they do not share
// sessions with each other or with worker.ts: browsers send localhost's cookies to every port.
const places: readonly Place[] = [
  {
    path: "",
    title: "SQLite",
    code: 'store: sqlite("sessions.db"), anonymous: "cookie"',
    about: "One file on this machine. Visitors’ sessions are in a cookie until they log in.",
    options: { name: "koa-sqlite", store: observed(database), anonymous: "cookie" },
  },
  {
    path: "/memory",
    title: "Memory",
    code: "store: memory()",
    about: "In this process, and lost when it stops. For tests and development.",
    options: { name: "koa-memory", store: observed(memory()) },
  },
  ...(redis === undefined ? [] : [redis.place]),
  {
    path: "/cookie",
    title: "Cookie",
    code: "no store",
    about: "The whole session is in an encrypted cookie. There is nothing to set up and no store to ask.",
    options: { name: "koa-cookie" },
  },
];

const port = Number(process.env.PORT ?? 3000);
const app = koaPlayground({ places, secrets: process.env.SESSION_SECRET ?? "", rival: koaSessionRival });
const server = app.listen(port, "127.0.0.1", () => console.log(`Open http://localhost:${port}`));
// Finishes open requests, then closes the file cleanly. Killing the process loses nothing either.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    server.close(() => {
      database.close();
      redis?.close();
    });
    server.closeIdleConnections();
  });
}
