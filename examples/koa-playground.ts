// The playground on Koa, with its sessions in SQLite: the page of worker.ts, served by Node. Start it with:  npm run start:koa
// Open http://localhost:3000, log in with any name in two browsers, and log one out from the other.
import { sqlite } from "web-session-store/stores/sqlite";
import { koaPlayground } from "./playground/koa-app.ts";
import type { Place } from "./playground/places.ts";
import { observed } from "./playground/trace.ts";

const store = sqlite(process.env.DATABASE ?? "sessions.db");

// An application has one of these. Each has a cookie name of its own, and so nothing to do with the others.
const places: readonly Place[] = [
  {
    path: "",
    title: "SQLite",
    code: 'store: sqlite("sessions.db"), anonymous: "cookie"',
    about: "One file on this machine. No change is lost.",
    options: { store: observed(store), anonymous: "cookie" },
  },
  {
    path: "/cookie",
    title: "Cookie",
    code: "no store",
    about: "All of it is in the cookie, encrypted. Nothing can be revoked, and of parallel changes the last one wins.",
    options: { name: "cookie" },
  },
];

const port = Number(process.env.PORT ?? 3000);
const app = koaPlayground(places, process.env.SESSION_SECRET ?? "");
const server = app.listen(port, "127.0.0.1", () => console.log(`Open http://localhost:${port}`));
// Answers what was asked, then leaves the file tidy. A process that is killed loses nothing either.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    server.close(() => store.close());
    server.closeIdleConnections();
  });
}
