/** examples/node-postgres.ts, started twice as its first line says, and visited over HTTP. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";

const FOLDER = "examples";
const FILE = "node-postgres.ts";
let database: PostgresServer;
const servers: Server[] = [];

beforeAll(async () => {
  database = await startPostgres();
  const [, command = ""] = /Start it with: {2}(.+)$/m.exec(readFileSync(`${FOLDER}/${FILE}`, "utf8")) ?? [];
  expect(command).toBe(`node ${FILE}`);
  for (const _twice of [1, 2])
    servers.push(await startServer(() => command.split(" "), { SESSION_SECRET: SECRET, DATABASE_URL: database.url() }, FOLDER));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database?.stop();
});

it("counts views and keeps logins, whichever process is asked, also after a crash of the database", async () => {
  let asked = 0;
  const serve = (request: Request) => (servers[asked++ % 2] as Server).serve(request);
  const [laptop, phone] = [new Browser(serve), new Browser(serve)];
  const page = async (browser: Browser, path = "/", init?: RequestInit) => (await browser.visit(path, init)).text();

  expect(await page(laptop)).toBe("somebody: 1 views\n");
  expect((await laptop.visit("/login", { method: "POST" })).status).toBe(302);
  await phone.visit("/login", { method: "POST" });
  await Promise.all(Array.from({ length: 10 }, () => laptop.ask("/")));
  expect(await page(laptop)).toBe("ada: 12 views\n");

  await database.kill();
  expect((await laptop.visit("/")).status).toBe(503);
  await database.start();
  expect(await page(laptop)).toBe("ada: 13 views\n");

  const elsewhere = { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" };
  expect((await laptop.visit("/logout-everywhere", { method: "POST", headers: elsewhere })).status).toBe(403);
  expect(await page(laptop, "/logout-everywhere", { method: "POST" })).toBe("ended 2 sessions\n");
  expect(await page(phone)).toBe("somebody: 1 views\n");
  expect(await page(laptop)).toBe("somebody: 1 views\n");
});
