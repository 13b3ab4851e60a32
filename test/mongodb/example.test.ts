/** The example with Koa and MongoDB, started as its first lines say, and visited by browsers over HTTP. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";
import { type MongoServer, startMongo } from "./server.ts";

const FILE = "examples/koa-mongodb.ts";
let database: MongoServer;
let server: Server;

const start = () => startServer(() => ["node", FILE], { SESSION_SECRET: SECRET, MONGODB_URL: database.front.url });

beforeAll(async () => {
  database = await startMongo();
  server = await start();
});
afterAll(async () => {
  await server?.stop();
  await database?.stop();
});

const newBrowser = () => new Browser((request) => server.serve(request));
const page = async (browser: Browser) => (await browser.visit("/")).text();

it("is started as its first lines say", () => {
  expect(readFileSync(FILE, "utf8").split("import")[0]).toContain(`node ${FILE}\n`);
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
  expect(await page(browser)).toContain("You are nobody we know, and have seen this page 1 time.");
  expect(await page(thief)).toContain("You are nobody we know");
});

it("keeps sessions through a restart of the application", async () => {
  const browser = newBrowser();
  await page(browser);
  await server.stop();
  server = await start();
  expect(await page(browser)).toContain("seen this page 2 times.");
});

it("keeps sessions through a crash of MongoDB, and answers 503 without a cookie meanwhile", async () => {
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
