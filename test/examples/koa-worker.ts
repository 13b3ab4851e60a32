/** Koa applications in one Worker, by their paths: what is different on Workers from Node. */

import { httpServerHandler } from "cloudflare:node";
import { env } from "cloudflare:workers";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import Koa from "koa";
import { getSession, session } from "web-session-store/koa";
import { durableObject } from "web-session-store/stores/durable-object";

export { SessionObject } from "web-session-store/stores/session-object";

interface Data {
  views: number;
}

const { SESSION_SECRET, SESSIONS } = env as unknown as { SESSION_SECRET: string; SESSIONS: never };
const app = new Koa();
app.silent = true;
const stored = session<Data>({ secrets: SESSION_SECRET, store: durableObject(SESSIONS) });
const inCookie = session<Data>({ secrets: SESSION_SECRET });
app.use((ctx, next) => (ctx.path.startsWith("/cookie") ? inCookie : stored)(ctx as never, next));

app.use((ctx) => {
  const visitor = getSession<Data>(ctx);
  visitor.data.views = (visitor.data.views ?? 0) + 1;
  if (ctx.path === "/login") visitor.login("ada");
  if (ctx.path === "/fail") {
    visitor.logout();
    ctx.throw(409, "too late");
  }
  ctx.body =
    ctx.path === "/stream" ? Readable.from([`${visitor.data.views} `, "views"]) : `${visitor.subject}: ${visitor.data.views}`;
});

createServer(app.callback()).listen(8080);
export default httpServerHandler({ port: 8080 });
