/** `npm start`: stopped and started again, and watched by a WebSocket over the network. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { type Server, startServer } from "../support/server.ts";
import { items, sessionsOf, Visitor } from "./playground-visitor.ts";

const folder = mkdtempSync(join(tmpdir(), "playground-"));
let [server, port]: [Server | undefined, number] = [undefined, 0];
afterEach(() => server?.stop());
afterAll(() => rmSync(folder, { recursive: true }));

async function start(): Promise<void> {
  server = await startServer((free) => {
    port = free;
    return ["npm", "start", "--", "--port", String(free), "--persist-to", folder];
  });
}

const PATHS = ["", "/copy", "/kv", "/d1", "/cookie"];

/** A visitor whose forms come from the page as this server knows it: by an address and a port, which `serve` puts there. */
function visit(path: string): Visitor {
  const serve = (request: Request) => {
    request.headers.delete("Origin");
    return (server as Server).serve(request);
  };
  return new Visitor(serve, path);
}

async function loggedIn(path: string, name: string): Promise<Visitor> {
  const visitor = visit(path);
  await visitor.does("/login", { name, remember: "on" });
  return visitor;
}

/** A page that watches its session: whether the socket opened, and the code it is closed with. */
function watch({ browser, path }: Visitor): { opened: Promise<boolean>; closed: Promise<number> } {
  const headers = { Cookie: browser.cookieHeader(), Origin: `http://127.0.0.1:${port}` };
  // Node's WebSocket takes headers, which the Web's does not.
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}/watch`, { headers } as never);
  return {
    opened: new Promise((resolve) => {
      socket.addEventListener("open", () => {
        // As the page does: workerd is late to close a connection on which nothing was said.
        socket.send("ping");
        resolve(true);
      });
      socket.addEventListener("error", () => resolve(false));
    }),
    closed: new Promise((resolve) => socket.addEventListener("close", ({ code }) => resolve(code))),
  };
}

describe("npm start", () => {
  it("keeps who is logged in, and their cart, when it is stopped and started again, in every store", async () => {
    await start();
    const visitors = await Promise.all(PATHS.map((path) => loggedIn(path, "Ada")));
    for (const visitor of visitors) await visitor.does("/cart-add", { item: "pear" });
    await server?.stop();
    await start();
    for (const visitor of visitors) {
      const page = await visitor.page();
      expect(page).toContain("You are <strong>Ada</strong>");
      expect(items(page)).toEqual(["pear"]);
      if (visitor.path !== "/cookie") expect(await sessionsOf(visitor).devices()).toEqual(["Firefox on Linux"]);
    }
  });

  it("tells an open page over the network that another one logged all others out", async () => {
    await start();
    for (const path of ["", "/copy"]) {
      const [here, there] = [await loggedIn(path, "Bob"), await loggedIn(path, "Bob")];
      const [mine, other] = [watch(here), watch(there)];
      expect([await mine.opened, await other.opened]).toEqual([true, true]);
      expect(await sessionsOf(here).ends("others")).toContain("All other sessions were ended: 1");
      expect(await other.closed).toBe(4401);
      await here.does("/new-id");
      expect(await mine.closed).toBe(4409);
    }
  });
});
