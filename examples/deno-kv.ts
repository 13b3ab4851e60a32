// Sessions in Deno KV. Copy this file into a project of your own, and install what it needs: npm install web-session-store
// Start it with:  deno run --unstable-kv --allow-net --allow-env --allow-read --allow-write deno-kv.ts
// Set SESSION_SECRET. Create one with: npx web-session-store keygen
// DENO_KV is the database file. Without it, Deno chooses one. The view counter survives a restart.
import { createSessions } from "web-session-store";
import { nodeCrypto } from "web-session-store/node";
import { denoKv } from "web-session-store/stores/deno-kv";

const sessions = createSessions<{ views: number }>({
  secrets: Deno.env.get("SESSION_SECRET") ?? "",
  crypto: nodeCrypto,
  store: denoKv(await Deno.openKv(Deno.env.get("DENO_KV"))),
});

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 3000) },
  sessions.handler((_request, session) => {
    session.data.views = (session.data.views ?? 0) + 1;
    return new Response(`${session.data.views} views\n`);
  }),
);
