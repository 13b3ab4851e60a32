// WebSockets on Bun, for test/platforms/bun.test.ts: Hono's upgradeWebSocket() at /hono/..., and handler() at /fetch/... . It runs on Bun alone.
import { Hono } from "hono";
import { upgradeWebSocket, websocket } from "hono/bun";
import { type SessionVariables, session } from "../../src/adapters/hono.ts";
import { createSessions, type Session } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { withMethods } from "../support/changed-store.ts";
import { SECRET } from "../support/secrets.ts";

interface Data {
  views: number;
}
/** What Bun passes to handlers, as far as it is used here. */
interface BunServer {
  upgrade(request: Request, options: object): boolean;
  readonly port: number;
}
declare const Bun: { serve(options: object): BunServer };

const errors: string[] = [];
let created = 0;
function counted() {
  const store = memory();
  return withMethods(store, {
    create: (...given) => {
      created++;
      return store.create(...given);
    },
  });
}

/** What the last part of the path asks for. */
function act(visitor: Session<Data>, path: string): void {
  if (path.endsWith("/change")) visitor.data.views = (visitor.data.views ?? 0) + 1;
  if (path.endsWith("/read")) void visitor.data.views;
}

const web = session<Data>({ secrets: SECRET, store: counted() });
const app = new Hono<{ Variables: SessionVariables<Data> }>().use(web);
app.onError((error, c) => {
  errors.push((error as { code?: string }).code ?? error.message);
  return c.text("failed", 500);
});
const sockets = upgradeWebSocket(() => ({ onOpen: (_event, socket) => socket.send("open") }));
app.get("/hono/*", (c, next) => {
  act(c.var.session, c.req.path);
  if (c.req.path.includes("/page")) return new Response(null);
  return sockets(c, next) as Promise<Response>;
});
app.get("/hono-views", (c) => c.text(String(c.var.session.data.views ?? 0)));

const events = { onOpen: (_event: unknown, socket: { send(text: string): void }) => socket.send("open") };
const sessions = createSessions<Data>({ secrets: SECRET, store: counted() });
const serve = sessions.handler(async (request, visitor, server: BunServer) => {
  const { pathname } = new URL(request.url);
  act(visitor, pathname);
  if (pathname.includes("/page")) return new Response(null);
  if (pathname === "/fetch-views") return new Response(String(visitor.data.views ?? 0));
  if (!server.upgrade(request, { data: { events, url: new URL(request.url), protocol: "" } })) return new Response("no socket");
  // As Bun's documentation writes it.
  return undefined as never;
});

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT),
  websocket,
  async fetch(request: Request, server: BunServer) {
    const { pathname } = new URL(request.url);
    if (pathname === "/report") return Response.json({ errors: errors.splice(0), created });
    if (pathname.startsWith("/hono")) return app.fetch(request, server);
    try {
      return await serve(request, server);
    } catch (error) {
      errors.push((error as { code?: string }).code ?? String(error));
      return new Response("failed", { status: 500 });
    }
  },
});
