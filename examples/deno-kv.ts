// Sessions in Deno KV. Start it with:  deno run --unstable-kv --allow-net --allow-env --allow-read --allow-write examples/deno-kv.ts
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
