/** The session stores that Express applications have on the same databases, beside ours: parallel changes, and a logout while a slow request runs. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import expressSession from "express-session";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { mysql } from "../../src/stores/sql/mysql.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { Browser, type Serve } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { type MariadbServer, startMariadb } from "../support/mariadb-server.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { SECRET } from "../support/secrets.ts";
import { packages } from "./packages.ts";

let databases: { postgres: PostgresServer; mariadb: MariadbServer };
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  databases = { postgres: await startPostgres(), mariadb: await startMariadb() };
});
afterAll(async () => {
  await closeServers();
  for (const end of ends.splice(0)) await end();
  await databases?.postgres.stop();
  await databases?.mariadb.stop();
});

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** What a request does: `/key` sets it, after a while as handlers take; `/slow` takes until it is told; `/logout` ends the session. */
async function work(path: string): Promise<void> {
  if (path !== "/slow") return pause(20);
  slowHasBegun();
  await slowMayEnd;
}

/** Is called when a slow request has its session. */
let slowHasBegun = () => {};
let slowMayEnd: Promise<void> | undefined;

function ours(store: SqlSessionStore): Serve {
  return createSessions<Record<string, number>>({ secrets: SECRET, store }).handler(async (request, session) => {
    const { pathname } = new URL(request.url);
    await work(pathname);
    if (pathname === "/logout") session.logout();
    else if (pathname !== "/") session.data[pathname] = 1;
    return Response.json(session.data);
  });
}

type Express = { session: Record<string, unknown> & { destroy(done: () => void): void } };

function theirs(store: unknown): Serve {
  const middleware = expressSession({
    ...{ secret: SECRET, resave: false, saveUninitialized: false, store: store as expressSession.Store },
    cookie: { secure: false },
  });
  const listener: RequestListener = (request, response) =>
    middleware(request as never, response as never, (error?: unknown) => {
      if (error === undefined) return void answer(request, response);
      response.statusCode = 500;
      response.end(String(error));
    });
  return serveNode(listener);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "";
  const { session } = request as unknown as Express;
  await work(path);
  if (path === "/logout") await new Promise<void>((resolve) => session.destroy(resolve));
  else if (path !== "/") session[path] = 1;
  const data = Object.entries((request as unknown as Partial<Express>).session ?? {}).filter(([key]) => key !== "cookie");
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(Object.fromEntries(data)));
}

/** An answer to its end, which express-session holds back until the session is saved. */
async function whole(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  return new Response(await response.text(), response);
}

/** Of 100 changes at the same time, how many are there afterwards. */
async function kept(serve: Serve): Promise<number> {
  const browser = new Browser(serve);
  // Some make their table beside the first requests.
  await expect.poll(async () => (await whole(browser.visit("/first"))).status).toBe(200);
  await Promise.all(Array.from({ length: 100 }, (_none, index) => whole(browser.ask(`/key${index}`))));
  const data = (await (await browser.visit("/")).json()) as object;
  return Object.keys(data).length - 1;
}

function promised(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

/** Whether a session that ended while a slow request ran is there again afterwards. */
async function comesBack(serve: Serve): Promise<boolean> {
  const browser = new Browser(serve);
  await whole(browser.visit("/first"));
  const before = browser.copy();
  const [begun, logout] = [promised(), promised()];
  slowHasBegun = begun.resolve;
  slowMayEnd = logout.promise;
  const slow = before.ask("/slow");
  await begun.promise;
  await whole(browser.visit("/logout"));
  logout.resolve();
  await whole(slow);
  return "/first" in ((await (await before.visit("/")).json()) as object);
}

function pool(): pg.Pool {
  const made = new pg.Pool({ connectionString: databases.postgres.url() });
  made.on("error", () => {});
  ends.push(() => made.end());
  return made;
}

const APPS: [name: string, make: () => Serve, isOurs: boolean][] = [
  ["postgres()", () => ours(postgres(pool())), true],
  [
    "connect-pg-simple",
    () =>
      theirs(
        new (packages("connect-pg-simple")(expressSession))({
          pool: pool(),
          createTableIfMissing: true,
          pruneSessionInterval: false,
        }),
      ),
    false,
  ],
  [
    "mysql()",
    () => {
      const made = packages("mysql2/promise").createPool({ uri: databases.mariadb.url() });
      ends.push(() => made.end());
      return ours(mysql(made));
    },
    true,
  ],
  [
    "express-mysql-session",
    () => {
      const { port } = databases.mariadb;
      const options = { host: "127.0.0.1", port, user: "root", password: "", database: "sessions", clearExpired: false };
      const store = new (packages("express-mysql-session")(expressSession))(options);
      ends.push(() => store.close());
      return theirs(store);
    },
    false,
  ],
];

describe.each(APPS)("%s", (name, make, isOurs) => {
  it(
    isOurs
      ? "keeps all of 100 parallel changes, and a session that ended stays so"
      : "keeps few of them, and brings the session back",
    async () => {
      const serve = make();
      const figures = { kept: await kept(serve), comesBack: await comesBack(serve) };
      console.log(
        `${name}: of 100 parallel changes ${figures.kept} are there; a session that ended comes back: ${figures.comesBack}`,
      );
      if (isOurs) expect(figures).toEqual({ kept: 100, comesBack: false });
      else expect(figures).toEqual({ kept: expect.any(Number), comesBack: true });
      if (!isOurs) expect(figures.kept).toBeLessThan(50);
    },
  );
});
