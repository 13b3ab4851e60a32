// Sessions in PostgreSQL, on Node with Hono. Start it with:  node examples/node-postgres.ts
// It needs DATABASE_URL (postgres://user:password@127.0.0.1:5432/app) and SESSION_SECRET. Create a secret with:
// npx web-session-store keygen
// Start it twice with different values of PORT: both share the sessions, and parallel requests to both lose no view.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import pg from "pg";
import { csrf } from "web-session-store/csrf/hono";
import { session } from "web-session-store/hono";
import { nodeCrypto } from "web-session-store/node";
import { postgres } from "web-session-store/stores/postgres";

const connectionString = process.env.DATABASE_URL ?? "";
const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 5000, query_timeout: 5000 });
// Without a listener, losing an idle connection crashes the process.
pool.on("error", (error) => console.warn(`Postgres: ${error.message}`));

const store = postgres(pool);
const web = session<{ views: number }>({ secrets: process.env.SESSION_SECRET ?? "", store, crypto: nodeCrypto });
const app = new Hono().use(csrf()).use(web);

app.get("/", async (c) => {
  const visitor = web.get(c);
  const views = await visitor.update((data) => {
    data.views = (data.views ?? 0) + 1;
    return data.views;
  });
  return c.text(`${visitor.subject ?? "somebody"}: ${views} views\n`);
});
app.post("/login", (c) => {
  // A real application checks a password here.
  web.get(c).login("ada");
  return c.redirect("/");
});
app.post("/logout-everywhere", async (c) => {
  const user = web.get(c).subject;
  const ended = user === undefined ? 0 : await store.removeAll(user);
  return c.text(`ended ${ended} sessions\n`);
});

// Deletes expired sessions once an hour. With several processes, one that does this is enough.
const sweeping = setInterval(() => store.sweep(Date.now() / 1000).catch(() => {}), 3_600_000);

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: "127.0.0.1" });
process.once("SIGTERM", () => {
  clearInterval(sweeping);
  server.close(() => pool.end());
});
