/** The application for the adapter contract, with Fastify. */
import fastify from "fastify";
import { createSessions } from "web-session-store";
import type { MakeApp } from "web-session-store/testing";
import { fastifySession } from "./fastify-adapter.ts";

export const fastifyApp: MakeApp = async (options, routes) => {
  const app = fastify();
  const web = fastifySession(app, createSessions(options));
  for (const [path, route] of Object.entries(routes)) {
    app.all(path, async (request) => {
      try {
        return await route(web.get(request), new Request(`https://app.example.com${request.url}`, { method: request.method }));
      } catch (thrown) {
        if (thrown instanceof Response) return thrown;
        throw thrown;
      }
    });
  }
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  return {
    serve(request) {
      const { pathname, search } = new URL(request.url);
      return fetch(new Request(origin + pathname + search, request), { redirect: "manual" });
    },
    close() {
      app.server.closeAllConnections();
      return app.close();
    },
  };
};
