// A small page on Koa that counts views, logs in and logs out. koa-redis.ts runs it on Node, koa-on-workers.ts on Workers.
import Koa from "koa";
import { csrf } from "web-session-store/csrf/koa";
import { getSession, session } from "web-session-store/koa";
import type { DefinedStore } from "web-session-store/stores/define";

export function koaPage(title: string, secrets: string, store: DefinedStore): Koa {
  const app = new Koa();
  // First, so that a form on another website cannot load or change a session.
  app.use(csrf());
  app.use(session<{ views: number }>({ secrets, store }));

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
      ctx.body = page(title, visitor.subject, ctx.session.views);
    }
  });
  return app;
}

function page(title: string, user: string | undefined, views: number): string {
  const action = user === undefined ? "login" : "logout";
  return `<!doctype html><title>${title}</title>
<p>You are ${user ?? "not logged in"}, and have seen this page ${views} ${views === 1 ? "time" : "times"}.</p>
<form method="post" action="/${action}"><button>${action}</button></form>
`;
}
