/** The playground on Koa, as `npm run start:koa` serves it: whatever a client sends, it answers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";
import { faultsOf } from "./hostile-visitor.ts";
import { items, sessionsOf, Visitor } from "./playground-visitor.ts";

const folder = mkdtempSync(join(tmpdir(), "koa-playground-"));
let server: Server;
let database: RedisServer;
let origin = "";
beforeAll(async () => {
  database = await startRedis();
  const command = (port: number) => {
    origin = `http://127.0.0.1:${port}`;
    return ["node", "examples/koa-playground.ts"];
  };
  const env = { SESSION_SECRET: SECRET, DATABASE: join(folder, "sessions.db"), REDIS_URL: database.url };
  server = await startServer(command, env);
});
afterAll(async () => {
  await server.stop();
  await database.stop();
  rmSync(folder, { recursive: true });
});

/** Sends a body whole, with its length, as browsers do with forms. */
async function serve({ url, method, headers, body }: Request): Promise<Response> {
  const { pathname, search } = new URL(url);
  if (method !== "GET") headers.set("Origin", origin);
  const sent = body === null ? null : await new Response(body).arrayBuffer();
  return fetch(`${origin}${pathname}${search}`, { method, headers, body: sent, redirect: "manual" });
}

describe.each(["", "/memory", "/redis", "/cookie"])("the playground on Koa at %s/", (path) => {
  it("answers whatever a client sends, and goes on", async () => {
    const visitor = new Visitor(serve, path);
    await visitor.does("/login", { name: "Ada" });
    expect(await faultsOf(visitor)).toEqual([]);
    expect(items(await new Visitor(serve, path).does("/cart-add", { item: "pear" }))).toEqual(["pear"]);
  });

  it("has the page of the user's sessions where there is a store", async () => {
    const visitor = new Visitor(serve, path);
    await visitor.does("/login", { name: "Ada" });
    if (path === "/cookie") expect((await visitor.ask("/sessions")).status).toBe(404);
    else expect((await sessionsOf(visitor).devices())[0]).toBe("Firefox on Linux");
  });

  it("keeps all five changes of the race where there is a store, and koa-session one", async () => {
    const kept = async (lane: string) => {
      const visitor = new Visitor(serve, path);
      visitor.browser.receive(await visitor.form(`/${lane}/start`));
      const answers = await Promise.all(["1", "2", "3", "4", "5"].map((step) => visitor.form(`/${lane}/${step}`)));
      for (const answer of answers) visitor.browser.receive(answer);
      return ((await (await visitor.ask(`/${lane}/kept`)).json()) as string[]).length;
    };
    expect(await kept("race")).toBe(path === "/cookie" ? 1 : 5);
    expect(await kept("usual")).toBe(1);
  });
});

it("has no place for Redis where there is none", async () => {
  let port = 0;
  const alone = await startServer(
    (free) => {
      port = free;
      return ["node", "examples/koa-playground.ts"];
    },
    // Nothing listens there: port 1 is for those who may open it.
    { SESSION_SECRET: SECRET, DATABASE: join(folder, "alone.db"), REDIS_URL: "redis://127.0.0.1:1" },
  );
  const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  expect(page).toContain(">Memory</a>");
  expect(page).not.toContain(">Redis</a>");
  await alone.stop();
});
