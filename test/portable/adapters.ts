/** The adapters that run everywhere, each held to the contract. */
import { Hono } from "hono";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { createSessions, put } from "../../src/index.ts";
import { adapterContract, type MakeApp } from "../../src/testing/index.ts";
import { chapter, type Story } from "./story.ts";

const notFound = () => new Response("not found", { status: 404 });

const withHandler: MakeApp = (options, routes) => {
  const sessions = createSessions(options);
  return {
    serve: sessions.handler((request, visitor) => (routes[new URL(request.url).pathname] ?? notFound)(visitor, request)),
  };
};

const withSeam: MakeApp = (options, routes) => {
  const sessions = createSessions(options);
  async function serve(request: Request): Promise<Response> {
    const visitor = await sessions.load(request);
    let response: Response;
    try {
      const given = await (routes[new URL(request.url).pathname] ?? notFound)(visitor, request);
      // The headers of a redirect and of a fetched response cannot be changed.
      response = new Response(given.body, given);
      put(response.headers, await sessions.commit(visitor, response));
    } catch (error) {
      if (error instanceof Response) {
        put(error.headers, await sessions.commit(visitor, error));
        return error;
      }
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
  const web = honoSession(options);
  const app = new Hono().use(web);
  app.onError((error) => ("getResponse" in error ? error.getResponse() : new Response("failed", { status: 500 })));
  for (const [path, route] of Object.entries(routes)) app.all(path, (c) => route(web.get(c), c.req.raw));
  return { serve: (request) => app.fetch(request) };
};

/** The contract of all three. */
export const adapters: Story[] = [
  ...chapter("sessions.handler()", adapterContract(withHandler)),
  ...chapter("load() and commit()", adapterContract(withSeam)),
  ...chapter("Hono", adapterContract(withHono)),
];
