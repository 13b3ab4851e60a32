/** Two processes of an application on one MongoDB: 100 requests of one visitor at the same time, and nothing is lost. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { closeClients, connect, type Driver } from "./clients.ts";
import { type MongoServer, startMongo } from "./server.ts";

let server: MongoServer;
const writers: ChildProcess[] = [];

beforeAll(async () => {
  server = await startMongo();
});
afterAll(async () => {
  for (const writer of writers) writer.kill("SIGKILL");
  await closeClients();
  await server?.stop();
});

/** Starts a process; resolves when it waits for the word to go. */
async function startWriter(driver: Driver, name: string, cookie: string): Promise<ChildProcess> {
  const env = { ...process.env, MONGODB_URL: server.front.url, DRIVER: driver, NAME: name, COOKIE: cookie };
  const writer = spawn("node", ["test/mongodb/writer.ts"], { env, stdio: ["pipe", "pipe", "inherit"] });
  writers.push(writer);
  await once(writer.stdout, "data");
  return writer;
}

it.each<[Driver, Driver]>([
  ["mongodb", "mongodb"],
  ["mongodb", "mongodb6"],
])("keeps 100 keys and 100 increments of 100 parallel requests, with %s and %s", async (first, second) => {
  const sessions = createSessions({ secrets: SECRET, store: mongodb(await connect(first, server)) });
  const browser = new Browser(
    sessions.handler((_request, session) => {
      if (session.isNew) session.login("ada");
      return Response.json(session.data);
    }),
  );
  await browser.visit("/");
  const started = [startWriter(first, "first", browser.cookieHeader()), startWriter(second, "second", browser.cookieHeader())];
  const pair = await Promise.all(started);
  const codes = pair.map(async (writer) => (await once(writer, "exit"))[0]);
  for (const writer of pair) writer.stdin?.write("go\n");
  expect(await Promise.all(codes)).toEqual([0, 0]);
  const data = await (await browser.visit("/")).json();
  const keys = ["first", "second"].flatMap((name) => Array.from({ length: 50 }, (_none, index) => [`${name}${index}`, 1]));
  expect(data).toEqual({ ...Object.fromEntries(keys), count: 100 });
});
