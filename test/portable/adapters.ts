/** The adapters that run everywhere, each with the adapters' stories. */
import { Hono } from "hono";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { createSessions, put } from "../../src/index.ts";
import { adapterStories, type Data, type MakeApp } from "./adapter-stories.ts";
import { chapter, type Story } from "./story.ts";

const notFound = () => new Response("not found", { status: 404 });

const withHandler: MakeApp = (options, routes) => {
  const sessions = createSessions<Data>(options);
  return {
    serve: sessions.handler((request, visitor) => (routes[new URL(request.url).pathname] ?? notFound)(visitor, request)),
  };
};

const withSeam: MakeApp = (options, routes) => {
  const sessions = createSessions<Data>(options);
  async function serve(request: Request): Promise<Response> {
    const visitor = await sessions.load(request);
    let response: Response;
    try {
      response = await (routes[new URL(request.url).pathname] ?? notFound)(visitor, request);
      put(response.headers, await sessions.commit(visitor, response));
    } catch (error) {
      const { status = 500 } = error as { status?: number };
      response = new Response(null, { status });
      put(response.headers, await sessions.commit(visitor, { status, failed: true }));
      if (status === 500) throw error;
    }
    return response;
  }
  return { serve };
};

const withHono: MakeApp = (options, routes) => {
  const web = honoSession<Data>(options);
  const app = new Hono().use(web);
  app.onError((error) => ("getResponse" in error ? error.getResponse() : new Response("failed", { status: 500 })));
  for (const [path, route] of Object.entries(routes)) app.all(path, (c) => route(web.get(c), c.req.raw));
  return { serve: (request) => app.fetch(request) };
};

/** The stories of all three. */
export const adapters: Story[] = [
  ...chapter("sessions.handler()", adapterStories(withHandler)),
  ...chapter("load() and commit()", adapterStories(withSeam)),
  ...chapter("Hono", adapterStories(withHono)),
];
