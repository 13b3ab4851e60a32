/** The MongoDB store next to express-session and connect-mongo on the same server: parallel changes, and a logout while a slow request runs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { Browser, type Serve } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { closeClients, connect } from "./clients.ts";
import { packages } from "./packages.ts";
import { type MongoServer, startMongo } from "./server.ts";

const PARALLEL = 100;
/** What a handler takes for its work. */
const WORK_MS = 50;

type Data = Record<string, unknown>;

let server: MongoServer;
const listening: Server[] = [];

beforeAll(async () => {
  server = await startMongo();
});
afterAll(async () => {
  for (const one of listening) one.close();
  await closeClients();
  await server?.stop();
});

const work = () => new Promise((resolve) => setTimeout(resolve, WORK_MS));

/** A request that has loaded its session tells so, and waits. */
let slow = { arrive: () => {}, released: Promise.resolve() };

/** What each path does to the data, the same for both. */
async function act(path: string, query: URLSearchParams, data: Data): Promise<void> {
  if (path === "/begin") data.user = "ada";
  if (path === "/slow") {
    slow.arrive();
    await slow.released;
  }
  if (path === "/change") await work();
  if (path === "/slow" || path === "/change") data[query.get("key") ?? ""] = 1;
}

/** An application with this library. */
async function ours(): Promise<Serve> {
  const sessions = createSessions<Data>({ secrets: SECRET, store: mongodb(await connect("mongodb", server)) });
  return sessions.handler(async (request, session) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/logout") session.destroy();
    else await act(pathname, searchParams, session.data);
    return Response.json(pathname === "/logout" ? {} : session.data);
  });
}

/** The same with express-session and connect-mongo, set up as their READMEs have it. */
async function theirs(): Promise<Serve> {
  const expressSession = packages("express-session");
  const store = new (packages("connect-mongo").MongoStore)({ client: await connect("mongodb", server), dbName: "express" });
  const middleware = expressSession({ secret: SECRET, store, resave: false, saveUninitialized: false });
  const http = createServer((request, response) => middleware(request, response, () => answer(request as Express, response)));
  listening.push(http);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as { port: number };
  return (request) => {
    const { pathname, search } = new URL(request.url);
    return fetch(`http://127.0.0.1:${port}${pathname}${search}`, { headers: { Cookie: request.headers.get("Cookie") ?? "" } });
  };
}

type Express = IncomingMessage & { session: Data & { destroy(done: () => void): void } };

async function answer(request: Express, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(`http://host${request.url}`);
  if (pathname === "/logout") return request.session.destroy(() => response.end("{}"));
  await act(pathname, searchParams, request.session);
  const { cookie: _cookie, ...data } = request.session;
  response.end(JSON.stringify(data));
}

const APPLICATIONS: [string, () => Promise<Serve>, { keepsAll: boolean; revives: boolean }][] = [
  ["this library", ours, { keepsAll: true, revives: false }],
  ["connect-mongo", theirs, { keepsAll: false, revives: true }],
];

describe.each(APPLICATIONS)("%s", (_name, make, { keepsAll, revives }) => {
  it(`${keepsAll ? "keeps" : "does not keep"} all of ${PARALLEL} parallel changes`, async () => {
    const browser = new Browser(await make());
    await (await browser.visit("/begin")).text();
    const changes = Array.from({ length: PARALLEL }, (_none, index) => browser.visit(`/change?key=k${index}`));
    await Promise.all(changes.map(async (change) => (await change).text()));
    const { user, ...found } = await (await browser.visit("/")).json();
    expect(user).toBe("ada");
    if (keepsAll) expect(Object.keys(found)).toHaveLength(PARALLEL);
    else expect(Object.keys(found).length).toBeLessThan(PARALLEL);
  });

  it(`${revives ? "brings back" : "does not bring back"} a session that ends while a slow request runs`, async () => {
    const browser = new Browser(await make());
    await (await browser.visit("/begin")).text();
    const thief = browser.copy();
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const arrived = new Promise<void>((resolve) => (slow = { arrive: resolve, released }));
    const late = browser.copy().visit("/slow?key=late");
    await arrived;
    await browser.visit("/logout");
    release();
    // express-session sends the head of an answer before it saves.
    await (await late).text();
    const found = await (await thief.visit("/")).json();
    expect(found.user).toBe(revives ? "ada" : undefined);
  });
});
