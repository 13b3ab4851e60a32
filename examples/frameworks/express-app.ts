/** The application for the adapter contract, with Express. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import express from "express";
import { createSessions } from "web-session-store";
import type { MakeApp } from "web-session-store/testing";
import { expressSession } from "./express-adapter.ts";

const HOST = "127.0.0.1";

export const expressApp: MakeApp = async (options, routes) => {
  const app = express();
  const web = expressSession(createSessions(options));
  app.use(web.load);
  for (const [path, route] of Object.entries(routes)) {
    app.all(path, async (req, res) => {
      const request = new Request(`https://app.example.com${req.originalUrl}`, { method: req.method });
      const answering = (async () => route(web.get(req), request))();
      await send(
        res,
        await answering.catch((thrown) => {
          if (thrown instanceof Response) return thrown;
          throw thrown;
        }),
      );
    });
  }
  app.use(web.failed);

  const server = app.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    serve(request) {
      const { pathname, search } = new URL(request.url);
      return fetch(new Request(`http://${HOST}:${port}${pathname}${search}`, request), { redirect: "manual" });
    },
    close: () => server.close().closeAllConnections(),
  };
};

/** Sends a Response through Express. */
async function send(res: express.Response, response: Response): Promise<void> {
  res.status(response.status);
  for (const [name, value] of response.headers) res.append(name, value);
  // A complete body can still be replaced by an error. A stream cannot.
  if (response.headers.has("Content-Type") || response.body === null) {
    res.end(new Uint8Array(await response.arrayBuffer()));
    return;
  }
  res.once("drain", () => Readable.fromWeb(response.body as ReadableStream).pipe(res));
  res.flushHeaders();
}
