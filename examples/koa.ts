// The first program of koa-session-store's README, on today's Koa. Copy this file into a project of your own, and install
// what it needs: npm pkg set type=module && npm install web-session-store koa
// Start it with:  bun koa.ts
// (or with Node 24: node koa.ts). Reload http://localhost:3000 and the view counter goes up.
import Koa from "koa";
import { session } from "web-session-store/koa";

const app = new Koa();

// Signs the cookie. Without APP_KEY, the key is new at each start and no session survives a restart.
app.keys = [process.env.APP_KEY ?? crypto.randomUUID()];

// The cookie is named "koa:sess" and contains the session's data.
app.use(session<{ views: number }>()).use((ctx) => {
  const n = ctx.session.views ?? 0;
  ctx.session.views = n + 1;
  ctx.body = `${n + 1} views\n`;
});

app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
