// Sessions in a SQLite file, on Node with Koa. Copy this file into a project of your own, and install what it needs:
// npm pkg set type=module && npm install web-session-store koa
// Start it with:  node node-sqlite.ts
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
const web = session<{ views: number }>({ secrets: process.env.SESSION_SECRET ?? "", store });
app.use(web);

app.use(async (ctx) => {
  const visitor = getSession<{ views: number }>(ctx);
  const user = visitor.subject;
  if (ctx.method === "POST" && ctx.path === "/login") {
    // A real application checks a password here.
    visitor.login("ada");
    ctx.redirect("/");
  } else if (ctx.method === "POST" && ctx.path === "/logout-everywhere" && user !== undefined) {
    const { count } = await web.sessions.revokeAll(user);
    visitor.logout(); // removes this browser's cookie
    ctx.body = `ended ${count} sessions of ${user}\n`;
  } else {
    ctx.session.views = (ctx.session.views ?? 0) + 1;
    ctx.body = `${user ?? "somebody"}: ${ctx.session.views} views\n`;
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
// Finishes open requests, then closes the file. Killing the process loses nothing either.
process.once("SIGTERM", () => server.close(() => store.close()));
