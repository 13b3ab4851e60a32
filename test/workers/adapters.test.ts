/** The adapters' stories inside workerd. */
import { Hono } from "hono";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { createSessions } from "../../src/index.ts";
import { adapterContract, type Data } from "../contracts/adapter.ts";

adapterContract("sessions.handler() in workerd", (options, routes) => {
  const sessions = createSessions<Data>(options);
  const notFound = () => new Response("not found", { status: 404 });
  const serve = sessions.handler((request, visitor) => (routes[new URL(request.url).pathname] ?? notFound)(visitor, request));
  return { serve };
});

adapterContract("Hono in workerd", (options, routes) => {
  const web = honoSession<Data>(options);
  const app = new Hono().use(web);
  app.onError((error) => ("getResponse" in error ? error.getResponse() : new Response("failed", { status: 500 })));
  for (const [path, route] of Object.entries(routes)) app.get(path, (c) => route(web.get(c), c.req.raw));
  return { serve: (request) => app.fetch(request) };
});
