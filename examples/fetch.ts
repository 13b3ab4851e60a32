// A view counter in a plain fetch handler. Start it with:  bun examples/fetch.ts
// or with:  deno serve --allow-env --port 3000 examples/fetch.ts   (a Cloudflare Worker has the same shape)
// Set SESSION_SECRET. Create one with: npx web-session-store keygen
import { createSessions } from "web-session-store";

const sessions = createSessions<{ views: number }>({ secrets: process.env.SESSION_SECRET ?? "" });

export default {
  port: process.env.PORT ?? 3000,
  fetch: sessions.handler((_request, session) => {
    session.data.views = (session.data.views ?? 0) + 1;
    return new Response(`${session.data.views} views\n`);
  }),
};
