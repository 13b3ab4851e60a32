/** The adapters for Express and Fastify of docs/writing-an-adapter.md, on real servers. */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, symlinkSync } from "node:fs";
import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { createSessions, type Session, type SessionError, type Sessions } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { cookieFor, type MakeApp } from "../../src/testing/index.ts";
import { holdToContract } from "../contracts/adapter.ts";
import { Browser } from "../support/browser.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

const FOLDER = "examples/frameworks";

execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
if (!existsSync(`${FOLDER}/node_modules/express`))
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], { cwd: FOLDER });
if (!existsSync(`${FOLDER}/node_modules/web-session-store`)) symlinkSync("../../..", `${FOLDER}/node_modules/web-session-store`);

/** Only that folder has the types of the frameworks; tsc looks at it below. */
const moduleOf = (name: string) => import(pathToFileURL(`${FOLDER}/${name}.ts`).href);
const { expressApp }: { expressApp: MakeApp } = await moduleOf("express-app");
const { fastifyApp }: { fastifyApp: MakeApp } = await moduleOf("fastify-app");

/** What a test's handler gets: its visitor, and a promise that the client has left. */
type Handler = (session: Session, left: Promise<unknown>) => string | Readable | Promise<string | Readable>;

/** One application of one route, and the codes of errors that reached its handler of errors. */
interface Application {
  readonly origin: string;
  readonly errors: unknown[];
  /** Resolves when no connection is left. */
  close(): Promise<unknown>;
}

const packages = createRequire(resolve(FOLDER, "package.json"));
const { expressSession } = await moduleOf("express-adapter");
const { fastifySession } = await moduleOf("fastify-adapter");

async function onExpress(sessions: Sessions, handler: Handler): Promise<Application> {
  const app = packages("express")();
  const web = expressSession(sessions);
  const errors: unknown[] = [];
  app.use(web.load);
  app.all("/", async (req: IncomingMessage, res: ServerResponse & { send(text: string): void }) => {
    const body = await handler(web.get(req), once(res, "close"));
    if (typeof body === "string") res.send(body);
    else body.pipe(res);
  });
  app.use(web.failed);
  app.use((error: SessionError & { status?: number }, _req: unknown, res: ServerResponse, _next: unknown) => {
    errors.push(error.code);
    res.statusCode = error.status ?? 500;
    res.end("failed");
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, errors, close: () => new Promise((closed) => server.close(closed)) };
}

async function onFastify(sessions: Sessions, handler: Handler): Promise<Application> {
  const app = packages("fastify")();
  const web = fastifySession(app, sessions);
  const errors: unknown[] = [];
  app.all("/", async (request: unknown, reply: { raw: ServerResponse }) => handler(web.get(request), once(reply.raw, "close")));
  app.setErrorHandler(async (error: SessionError) => {
    errors.push(error.code);
    throw error;
  });
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  return { origin, errors, close: () => app.close() };
}

/** A request whose client leaves when the handler has come so far; resolves when both are over. */
async function abandon(start: typeof onExpress, sessions: Sessions, cookie: string, handler: Handler): Promise<Application> {
  const client = new AbortController();
  let [isOver, arrive] = [Promise.resolve<unknown>(undefined), () => {}];
  const arrival = new Promise<void>((resolve) => (arrive = resolve));
  const app = await start(sessions, (session, left) => {
    const answering = Promise.resolve(handler(session, left));
    isOver = answering.catch(() => {});
    void left.catch(() => {});
    arrive();
    return answering;
  });
  const asking = fetch(app.origin, { headers: { Cookie: cookie }, signal: client.signal }).catch((error) => error.name);
  await arrival;
  client.abort();
  expect(await asking).toBe("AbortError");
  await isOver;
  await app.close();
  return app;
}

describe.each([
  ["Express", onExpress],
  ["Fastify", onFastify],
])("%s", (_name, start) => {
  it("gives an answer that is streamed its cookie, and goes on streaming", async () => {
    const sessions = createSessions({ secrets: SECRET, store: slow(memory()) });
    const app = await start(sessions, (session) => {
      session.data.views = Number(session.data.views ?? 0) + 1;
      return Readable.from(Array.from({ length: 100 }, () => "x".repeat(20_000)));
    });
    const browser = new Browser((request) => fetch(app.origin, request));
    expect(await (await browser.visit("/")).text()).toHaveLength(2_000_000);
    expect(await sessions.read(new Request(app.origin, { headers: { Cookie: browser.cookieHeader() } }))).toMatchObject({
      data: { views: 1 },
    });
    await app.close();
  });

  it("keeps what is changed after the client has left, where no cookie is needed", async () => {
    const { sessions, cookie, data } = await visitor();
    const app = await abandon(start, sessions, cookie, async (session, left) => {
      session.data.first = 1;
      await session.save();
      await left;
      session.data.second = 2;
      return "late";
    });
    expect(app.errors).toEqual([]);
    expect(await data()).toEqual({ first: 1, second: 2 });
  });

  it("keeps what was saved when the client has left and the handler fails", async () => {
    const { sessions, cookie, data } = await visitor();
    await abandon(start, sessions, cookie, async (session, left) => {
      session.data.first = 1;
      await session.save();
      session.data.second = 2;
      await left;
      throw new Error("the client has left");
    });
    expect(await data()).toEqual({ first: 1 });
  });

  it("makes no session for a client that has left before it could get the cookie", async () => {
    const store = failingStore();
    const sessions = createSessions({ secrets: SECRET, store });
    const app = await abandon(start, sessions, "", async (session, left) => {
      await left;
      session.data.first = 1;
      return "late";
    });
    expect(app.errors).toEqual(["ERR_COOKIE_NOT_POSSIBLE"]);
    expect(store.calls).toEqual([]);
  });
});

describe.each([
  ["Express", onExpress],
  ["Fastify", onFastify],
])("%s and errors", (_name, start) => {
  /** Posts to an application of this handler. */
  async function post(sessions: Sessions, cookie: string, handler: Handler) {
    const app = await start(sessions, handler);
    const answer = await fetch(app.origin, { method: "POST", headers: { Cookie: cookie } });
    await app.close();
    return answer;
  }

  it("keeps what was changed before an error that is answered below 500", async () => {
    const { sessions, cookie, data } = await visitor();
    const { status } = await post(sessions, cookie, (session) => {
      session.data.first = 1;
      throw Object.assign(new Error("forbidden"), { status: 403 });
    });
    expect([status, await data()]).toEqual([403, { first: 1 }]);
  });

  it("commits again for a change that came too late, so that the answer says whom it is for", async () => {
    const { sessions, cookie } = await visitor();
    const { status, headers } = await post(sessions, cookie, async (session) => {
      void session.data.first;
      const twin = await sessions.load(new Request("https://app.example.com", { headers: { Cookie: cookie } }));
      twin.regenerateId();
      await twin.save();
      session.data.first = 1;
      return "too late";
    });
    expect([status, headers.get("Vary")]).toEqual([409, "Cookie"]);
  });

  it("answers when nothing can be committed", async () => {
    const { sessions, cookie } = await visitor();
    const broken = { ...sessions, commit: () => Promise.reject(new Error("broken")) };
    expect((await post(broken, cookie, () => "fine")).status).toBe(500);
  });
});

/** A session that exists. */
async function visitor() {
  const options = { secrets: SECRET, store: memory() };
  const sessions = createSessions(options);
  const cookie = await cookieFor(options, { subject: "alice" });
  const data = async () => (await sessions.read(new Request("https://app.example.com", { headers: { Cookie: cookie } })))?.data;
  return { sessions, cookie, data };
}

describe("Express", () => {
  /** An application of a handler that answers itself, and the first answer to a new visitor. */
  async function answerOf(handler: (session: Session, res: ServerResponse) => unknown): Promise<Response> {
    const app = packages("express")();
    const web = expressSession(createSessions({ secrets: SECRET, store: slow(memory()) }));
    app.use(web.load).all("/", (req: IncomingMessage, res: ServerResponse) => handler(web.get(req), res));
    return serveNode(app)(new Request("https://app.example.com/"));
  }
  afterAll(closeServers);

  it.each<[string, OutgoingHttpHeaders | OutgoingHttpHeader[]]>([
    ["an object", { "Set-Cookie": "theme=dark", "X-One": "1" }],
    ["a list", ["Set-Cookie", "theme=dark", "X-One", "1"]],
  ])("puts its cookie beside what writeHead() says in %s", async (_form, headers) => {
    const { status, headers: sent } = await answerOf((session, res) => {
      session.data.views = 1;
      res.writeHead(201, headers).end("made");
    });
    expect([status, sent.get("X-One")]).toEqual([201, "1"]);
    expect(sent.getSetCookie().map((line) => line.split("=")[0])).toEqual(["theme", VISITOR_COOKIE]);
  });

  it("tears no answer when the handler throws after it", async () => {
    const answering = answerOf((session, res) => {
      session.data.views = 1;
      res.end("done");
      throw new Error("too late");
    });
    const text = await answering.then((response) => response.text()).catch((error) => error.message);
    expect(["done", "fetch failed"]).toContain(text);
  });

  it.each([
    ["a status that there is not", (res: ServerResponse) => Object.assign(res, { statusCode: 42 }).end("x")],
    ["a chunk that is no text", (res: ServerResponse) => res.end(5)],
  ])("closes the connection at %s, says why, and the process lives", async (_what, send) => {
    const said = vi.spyOn(console, "warn").mockImplementation(() => {});
    const answering = answerOf((session, res) => {
      session.data.views = 1;
      send(res);
    });
    await expect(answering).rejects.toThrow("fetch failed");
    expect(said).toHaveBeenCalledOnce();
    said.mockRestore();
  });
});

describe("Fastify", () => {
  async function answerOf(store: DefinedStore): Promise<Response> {
    const app = packages("fastify")();
    app.addHook("onRequest", async (_request: unknown, reply: Reply) => {
      reply.header("X-Early", "1");
    });
    const web = fastifySession(app, createSessions({ secrets: SECRET, store }));
    app.get("/", async (request: unknown, reply: Reply) => {
      web.get(request).data.views = 1;
      reply.header("Set-Cookie", "theme=dark").header("Cache-Control", "public, max-age=600");
      return "hello";
    });
    const answer = await fetch(await app.listen({ port: 0, host: "127.0.0.1" }));
    await app.close();
    return answer;
  }
  interface Reply {
    header(name: string, value: string): Reply;
  }

  it("puts its cookie beside that of the handler, and keeps both out of every cache", async () => {
    const { headers } = await answerOf(memory());
    expect(headers.getSetCookie().map((line) => line.split("=")[0])).toEqual(["theme", VISITOR_COOKIE]);
    expect(headers.get("Cache-Control")).toBe("no-store");
  });

  it("takes nothing over to the error from an answer that could not be given", async () => {
    const store = failingStore();
    store.fail("create");
    const { status, headers } = await answerOf(store);
    expect(headers.get("X-Early")).toBe("1");
    expect([status, headers.get("Cache-Control"), headers.getSetCookie()]).toEqual([503, null, []]);
  });
});

it("Express: a stream that cannot be committed is cut off, and is no answer that looks as if it were saved", async () => {
  for (const wait of [0, 30]) {
    const store = failingStore();
    store.fail("create");
    const held = wait === 0 ? store : slow(store);
    const app = await onExpress(createSessions({ secrets: SECRET, store: held }), (session) => {
      session.data.views = 1;
      return Readable.from(["one", "two", "three"]);
    });
    await expect(fetch(app.origin)).rejects.toThrow();
    expect(app.errors).toEqual(["ERR_STORE"]);
    await app.close();
  }
});

it("has types that hold", () => {
  execFileSync("node_modules/.bin/tsc", ["-p", FOLDER], { stdio: "inherit" });
});

holdToContract("Express", expressApp);
holdToContract("Fastify", fastifyApp);
