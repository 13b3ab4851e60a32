/** The playground on Koa, as `npm run start:koa` serves it: whatever a client sends, it answers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";
import { faultsOf } from "./hostile-visitor.ts";
import { items, Visitor } from "./playground-visitor.ts";

const folder = mkdtempSync(join(tmpdir(), "koa-playground-"));
let server: Server;
let origin = "";
beforeAll(async () => {
  const command = (port: number) => {
    origin = `http://127.0.0.1:${port}`;
    return ["node", "examples/koa-playground.ts"];
  };
  server = await startServer(command, { SESSION_SECRET: SECRET, DATABASE: join(folder, "sessions.db") });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Sends a body whole, with its length, as browsers do with forms. */
async function serve({ url, method, headers, body }: Request): Promise<Response> {
  const { pathname, search } = new URL(url);
  if (method !== "GET") headers.set("Origin", origin);
  const sent = body === null ? null : await new Response(body).arrayBuffer();
  return fetch(`${origin}${pathname}${search}`, { method, headers, body: sent, redirect: "manual" });
}

describe.each(["", "/cookie"])("the playground on Koa at %s/", (path) => {
  it("answers whatever a client sends, and goes on", async () => {
    const visitor = new Visitor(serve, path);
    await visitor.does("/login", { name: "Ada" });
    expect(await faultsOf(visitor)).toEqual([]);
    expect(items(await new Visitor(serve, path).does("/cart-add", { item: "pear" }))).toEqual(["pear"]);
  });

  it("shows a message and no fault for what only a store can do", async () => {
    const visitor = new Visitor(serve, path);
    await visitor.does("/login", { name: "Ada" });
    const page = await visitor.does("/logout-others");
    expect(page).toContain(path === "" ? "other sessions are logged out" : "Without a store");
  });
});
