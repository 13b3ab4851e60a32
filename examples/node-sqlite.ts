// Sessions in a SQLite file, on Node with Koa. Start it with:  node examples/node-sqlite.ts
// Set SESSION_SECRET. Create one with: npx web-session-store keygen
// Stop and restart it: the view counter continues, and users stay logged in.
import Koa from "koa";
import { csrf } from "web-session-store/csrf/koa";
import { getSession, session } from "web-session-store/koa";
import { sqlite } from "web-session-store/stores/sqlite";

const store = sqlite(process.env.DATABASE ?? "sessions.db");
const app = new Koa();
// First, so that a form on another website cannot load or change a session.
app.use(csrf());
app.use(session<{ views: number }>({ secrets: process.env.SESSION_SECRET ?? "", store }));

app.use(async (ctx) => {
  const visitor = getSession<{ views: number }>(ctx);
  const user = visitor.subject;
  if (ctx.method === "POST" && ctx.path === "/login") {
    // A real application checks a password here.
    visitor.login("ada");
    ctx.redirect("/");
  } else if (ctx.method === "POST" && ctx.path === "/logout-everywhere" && user !== undefined) {
    const ended = await store.removeAll(user);
    ctx.body = `ended ${ended} sessions of ${user}\n`;
  } else {
    ctx.session.views = (ctx.session.views ?? 0) + 1;
    ctx.body = `${user ?? "somebody"}: ${ctx.session.views} views\n`;
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
// Finishes open requests, then closes the file cleanly. Killing the process loses nothing either.
process.once("SIGTERM", () => server.close(() => store.close()));
