// A view counter on Deno, with sessions in memory. Start it with:  deno run --allow-net --allow-env examples/deno.ts
// Set SESSION_SECRET. Create one with: npx web-session-store keygen
import { createSessions } from "web-session-store";
import { nodeCrypto } from "web-session-store/node";
import { memory } from "web-session-store/stores/memory";

const sessions = createSessions<{ views: number }>({
  secrets: Deno.env.get("SESSION_SECRET") ?? "",
  crypto: nodeCrypto,
  store: memory(),
});

Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 3000) },
  sessions.handler((_request, session) => {
    session.data.views = (session.data.views ?? 0) + 1;
    return new Response(`${session.data.views} views\n`);
  }),
);
