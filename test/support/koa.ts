/** Koa applications and other listeners on real servers of this machine. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Serve } from "./browser.ts";

const servers = new Set<Server>();

type Listener = Parameters<typeof createServer>[1];

/** Starts a server; answers with its port. */
export function listenOn(listener: Listener): Promise<number> {
  const server = createServer(listener);
  servers.add(server);
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Serves a Koa application (or any Node listener) over HTTP; answers are never followed or cached. */
export function serveNode(listener: Listener): Serve {
  const listening = listenOn(listener);
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const asked = new Request(`http://127.0.0.1:${await listening}${pathname}${search}`, request);
    return fetch(asked, { redirect: "manual" });
  };
}

/** Closes every server; for `afterAll`. */
export async function closeServers(): Promise<void> {
  await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve).closeAllConnections())));
  servers.clear();
}
