// The Worker: it shares its sessions with koa.ts.
import { env } from "cloudflare:workers";
import { createSessions } from "web-session-store";
import { type Data, sharedOptions } from "./options.ts";

const sessions = createSessions<Data>(sharedOptions(env.SESSION_SECRET, env.APP_KEY));

export default {
  fetch: sessions.handler((_request, session) => {
    session.data.views = (session.data.views ?? 0) + 1;
    return new Response(`Worker: ${session.data.views} views\n`);
  }),
};
