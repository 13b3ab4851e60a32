/** A Worker whose sessions are in Redis, over HTTP. */
import { Redis } from "@upstash/redis/cloudflare";
import { createSessions } from "../../src/index.ts";
import { redis } from "../../src/stores/redis/index.ts";

interface Env {
  readonly UPSTASH_URL: string;
  readonly UPSTASH_TOKEN: string;
  readonly SESSION_SECRET: string;
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const client = new Redis({ url: env.UPSTASH_URL, token: env.UPSTASH_TOKEN, retry: { retries: 0 } });
    const sessions = createSessions<{ count?: number }>({ secrets: env.SESSION_SECRET, store: redis(client) });
    const handle = sessions.handler((_request, session) => {
      session.data.count = (session.data.count ?? 0) + 1;
      if (session.data.count === 2) session.login("ada");
      return Response.json({ ...session.data, subject: session.subject });
    });
    return handle(request);
  },
};
