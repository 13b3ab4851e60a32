// A view counter in any fetch server. Start it with:  bun examples/fetch.ts  (or deno serve, or a Worker; see deno.ts for Deno)
// It needs SESSION_SECRET: openssl rand -base64 32
import { createSessions } from "web-session-store";

const sessions = createSessions<{ views: number }>({ secrets: process.env.SESSION_SECRET ?? "" });

export default {
  port: Number(process.env.PORT ?? 3000),
  hostname: "127.0.0.1",
  fetch: sessions.handler((_request, session) => {
    session.data.views = (session.data.views ?? 0) + 1;
    return new Response(`${session.data.views} views\n`);
  }),
};
