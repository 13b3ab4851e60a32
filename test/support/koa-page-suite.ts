/** What examples/koa-page.ts promises, with whatever database a program runs it: tests of visitors over HTTP. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Browser } from "./browser.ts";
import { USER_COOKIE } from "./cookie-names.ts";
import { SECRET } from "./secrets.ts";
import { type Server, startServer } from "./server.ts";

const FOLDER = "examples";

/** A database that can crash. */
interface Database {
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Tests of a program, started as its first lines say.
 *
 * @param file In `examples`, such as `koa-redis.ts`.
 * @param envOf The variables by which the program finds the database.
 */
export function koaPageTests<Its extends Database>(
  file: string,
  startDatabase: () => Promise<Its>,
  envOf: (database: Its) => Record<string, string>,
): void {
  let database: Its;
  let server: Server;
  const start = () => startServer(() => ["node", file], { SESSION_SECRET: SECRET, ...envOf(database) }, FOLDER);
  const newBrowser = () => new Browser((request) => server.serve(request));
  const page = async (browser: Browser) => (await browser.visit("/")).text();

  beforeAll(async () => {
    database = await startDatabase();
    server = await start();
  });
  afterAll(async () => {
    await server?.stop();
    await database?.stop();
  });

  it("is started as its first lines say", () => {
    expect(readFileSync(`${FOLDER}/${file}`, "utf8").split("import")[0]).toContain(`node ${file}\n`);
  });

  it("counts each visitor's views", async () => {
    const [ada, grace] = [newBrowser(), newBrowser()];
    expect(await page(ada)).toContain("seen this page 1 time.");
    expect(await page(ada)).toContain("seen this page 2 times.");
    expect(await page(grace)).toContain("seen this page 1 time.");
  });

  it("logs in and out", async () => {
    const browser = newBrowser();
    await page(browser);
    expect((await browser.visit("/login", { method: "POST" })).status).toBe(302);
    expect(await page(browser)).toContain("You are ada, and have seen this page 2 times.");
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    const thief = browser.copy();
    await browser.visit("/logout", { method: "POST" });
    expect(browser.cookies.size).toBe(0);
    expect(await page(browser)).toContain("You are not logged in, and have seen this page 1 time.");
    expect(await page(thief)).toContain("You are not logged in");
  });

  it("takes no form from another website: nobody is logged in or out by it", async () => {
    const browser = newBrowser();
    await page(browser);
    for (const headers of [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site", Origin: "null" }]) {
      const login = await browser.visit("/login", { method: "POST", headers });
      expect([login.status, login.headers.getSetCookie()]).toEqual([403, []]);
    }
    expect(await page(browser)).toContain("You are not logged in, and have seen this page 2 times.");
    await browser.visit("/login", { method: "POST" });
    expect((await browser.visit("/logout", { method: "POST", headers: { Origin: "https://evil.example" } })).status).toBe(403);
    expect(await page(browser)).toContain("You are ada");
  });

  it("keeps sessions through a restart of the application", async () => {
    const browser = newBrowser();
    await page(browser);
    await server.stop();
    server = await start();
    expect(await page(browser)).toContain("seen this page 2 times.");
  });

  it("keeps sessions through a crash of the database, and answers 503 without a cookie meanwhile", async () => {
    const browser = newBrowser();
    await page(browser);
    await browser.visit("/login", { method: "POST" });
    await database.kill();
    const response = await browser.visit("/");
    expect([response.status, response.headers.getSetCookie()]).toEqual([503, []]);
    expect(await response.text()).toBe("Service Unavailable");
    await database.start();
    await expect.poll(async () => page(browser), { timeout: 20_000 }).toContain("You are ada, and have seen this page 2 times.");
  });
}
