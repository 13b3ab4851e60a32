/** examples/node-sqlite.ts, started as its first line says, visited over HTTP, and started again. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";

const FOLDER = "examples";
const FILE = "node-sqlite.ts";
const folder = mkdtempSync(join(tmpdir(), "sqlite-"));
const DATABASE = join(folder, "sessions.db");
let server: Server | undefined;
afterEach(() => server?.stop());
afterAll(() => rmSync(folder, { recursive: true }));

async function start(): Promise<Server> {
  const [, command = ""] = /Start it with: {2}(.+)$/m.exec(readFileSync(join(FOLDER, FILE), "utf8")) ?? [];
  expect(command).toBe(`node ${FILE}`);
  return startServer(() => command.split(" "), { SESSION_SECRET: SECRET, DATABASE }, FOLDER);
}

it("keeps views and logins when the process is started again, and logs out everywhere", async () => {
  server = await start();
  const serve = (request: Request) => (server as Server).serve(request);
  const [laptop, phone] = [new Browser(serve), new Browser(serve)];
  const page = async (browser: Browser, path = "/", init?: RequestInit) => (await browser.visit(path, init)).text();

  expect(await page(laptop)).toBe("somebody: 1 views\n");
  expect((await laptop.visit("/login", { method: "POST" })).status).toBe(302);
  await phone.visit("/login", { method: "POST" });
  expect(await page(laptop)).toBe("ada: 2 views\n");
  expect(await page(phone)).toBe("ada: 1 views\n");

  await server.stop();
  // Whoever closes the file last leaves only the file.
  expect([existsSync(DATABASE), existsSync(`${DATABASE}-wal`)]).toEqual([true, false]);
  server = await start();
  expect(await page(laptop)).toBe("ada: 3 views\n");
  expect(await page(phone)).toBe("ada: 2 views\n");

  const elsewhere = { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" };
  const refused = await laptop.visit("/logout-everywhere", { method: "POST", headers: elsewhere });
  expect(refused.status).toBe(403);

  expect(await page(laptop, "/logout-everywhere", { method: "POST" })).toBe("ended 2 sessions of ada\n");
  expect(await page(phone)).toBe("somebody: 1 views\n");
  expect(await page(laptop)).toBe("somebody: 1 views\n");
});

it("refuses a form that another site posts: nobody is logged in or out by it", async () => {
  server = await start();
  const browser = new Browser(server.serve);
  const post = async (path: string, headers: Record<string, string> = {}) =>
    (await browser.visit(path, { method: "POST", headers })).status;
  const page = async () => (await browser.visit("/")).text();
  expect(await page()).toBe("somebody: 1 views\n");
  expect(await post("/login", { Origin: "https://evil.example" })).toBe(403);
  expect(await post("/login", { "Sec-Fetch-Site": "cross-site", Origin: "null" })).toBe(403);
  expect(await page()).toBe("somebody: 2 views\n");
  expect(await post("/login")).toBe(302);
  expect(await post("/logout-everywhere", { Origin: "https://evil.example" })).toBe(403);
  expect(await page()).toBe("ada: 3 views\n");
});
