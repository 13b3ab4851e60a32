/** The stories of the page with `fetch`, Hono and Koa, and with Koa's cookies that are signed with its keys. */
import { Hono } from "hono";
import Koa from "koa";
import { afterAll } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { getSession, session as koaSession } from "../../src/adapters/koa/index.ts";
import { devices } from "../../src/devices/fetch.ts";
import { devices as koaDevices } from "../../src/devices/koa.ts";
import { createSessions, type Session } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { devicesContract } from "../contracts/devices.ts";
import { PAGE } from "../support/device.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

/** What the application does besides. */
function act(path: string, query: URLSearchParams, session: Session): unknown {
  if (path === "/login") session.login(query.get("user") as string, { meta: { device: query.get("device") as string } });
  if (path === "/new-id") session.regenerateId();
  return { user: session.subject ?? "nobody", id: session.id };
}

devicesContract("fetch", (options, now) => {
  const sessions = createSessions({ secrets: SECRET, store: memory(), now });
  const page = devices(sessions, options);
  const app = sessions.handler((request, session) => {
    const { pathname, searchParams } = new URL(request.url);
    return Response.json(act(pathname, searchParams, session));
  });
  return (request) => (new URL(request.url).pathname === PAGE ? page(request) : app(request));
});

devicesContract("Hono, behind the session's middleware", (options, now) => {
  const web = honoSession({ secrets: SECRET, store: memory(), now });
  const page = devices(web.sessions, options);
  const app = new Hono();
  app.use(web);
  app.all(PAGE, (c) => page(c.req.raw));
  app.all("*", (c) => c.json(act(c.req.path, new URL(c.req.url).searchParams, web.get(c)) as object));
  return (request) => app.fetch(request);
});

devicesContract("Hono, mounted at its address", (options, now) => {
  const web = honoSession({ secrets: SECRET, store: memory(), now });
  const app = new Hono();
  app.use(web);
  app.mount(PAGE, devices(web.sessions, options));
  app.all("*", (c) => c.json(act(c.req.path, new URL(c.req.url).searchParams, web.get(c)) as object));
  return (request) => app.fetch(request);
});

function koa(web: ReturnType<typeof koaSession>, options: Parameters<typeof koaDevices>[1]): Koa {
  const app = new Koa();
  app.keys = [SECRET];
  const page = koaDevices(web as never, options);
  app.use(web as never);
  app.use(async (ctx) => {
    if (ctx.path === PAGE) return page(ctx);
    ctx.body = act(ctx.path, new URLSearchParams(ctx.querystring), getSession(ctx) as unknown as Session);
  });
  return app;
}

devicesContract("Koa", (options, now) =>
  serveNode(koa(koaSession({ secrets: SECRET, store: memory(), now }), options).callback()),
);

devicesContract("Koa, without secrets", (options, now) => {
  const cookie = { secure: false } as const;
  const store = memory();
  return serveNode(koa(koaSession({ store, now, cookie, idleTimeout: 86_400 }), options).callback());
});
