// A small page on Koa, with sessions in Redis: they survive a restart of this program, and several of it can run at once.
// Start it with:  node examples/koa-redis.ts
// It needs Redis at REDIS_URL (redis://127.0.0.1:6379) and SESSION_SECRET; make one with: openssl rand -base64 32
import Koa from "koa";
import { createClient } from "redis";
import { csrf } from "web-session-store/csrf/koa";
import { getSession, session } from "web-session-store/koa";
import { redis } from "web-session-store/stores/redis";

// Without the queue, requests fail at once while Redis is away, and the client connects again by itself.
const client = createClient({ url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379", disableOfflineQueue: true });
client.on("error", (error) => console.warn(`Redis: ${error.code ?? error.message}`));
await client.connect();

const app = new Koa();
// A form that another website sends is answered with 403, before anything is asked of Redis.
app.use(csrf());
app.use(session<{ views: number }>({ secrets: process.env.SESSION_SECRET ?? "", store: redis(client, { timeout: 2 }) }));

app.use((ctx) => {
  const visitor = getSession<{ views: number }>(ctx);
  if (ctx.method === "POST" && ctx.path === "/login") {
    // A real application checks a password here.
    visitor.login("ada");
    ctx.redirect("/");
  } else if (ctx.method === "POST" && ctx.path === "/logout") {
    visitor.logout();
    ctx.redirect("/");
  } else if (ctx.path === "/") {
    ctx.session.views = (ctx.session.views ?? 0) + 1;
    ctx.type = "html";
    ctx.body = page(visitor.subject, ctx.session.views);
  }
});

function page(user: string | undefined, views: number): string {
  const action = user === undefined ? "login" : "logout";
  return `<!doctype html><title>Koa and Redis</title>
<p>You are ${user ?? "nobody we know"}, and have seen this page ${views} ${views === 1 ? "time" : "times"}.</p>
<form method="post" action="/${action}"><button>${action}</button></form>
`;
}

app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
