/** Several processes on one SQLite file, and one that is killed: nothing that was answered is lost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

const running: Server[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(file: string, command: string[] = []): Promise<Server> {
  const env = { DATABASE: join(folder, file), SESSION_SECRET: SECRET };
  return startServer(() => [...command, "node", "test/stores/sqlite-server.ts"], env);
}

/** The same browser, asking another server. */
function at(server: Server, { cookies }: Browser): Browser {
  const browser = new Browser(server.serve);
  for (const [name, held] of cookies) browser.cookies.set(name, held);
  return browser;
}

/** A browser whose requests go to two processes in turn. */
async function browserOfTwo(file: string): Promise<Browser> {
  const servers = await Promise.all([start(file), start(file)]);
  running.push(...servers);
  let requests = 0;
  return new Browser((request) => (servers[requests++ % 2] as Server).serve(request));
}

const numbers = Array.from({ length: 100 }, (_none, index) => index);
const data = async (browser: Browser) => (await browser.visit("/")).json();

it("100 requests at the same time to two processes, each with a key of its own, lose none", async () => {
  const browser = await browserOfTwo("keys.db");
  await browser.visit("/set/first");
  const answers = await Promise.all(numbers.map((number) => browser.ask(`/set/key${number}`)));
  expect(answers.map(({ status }) => status)).toEqual(numbers.map(() => 200));
  const expected = Object.fromEntries(["first", ...numbers.map((number) => `key${number}`)].map((key) => [key, 1]));
  expect(await data(browser)).toEqual(expected);
  expect(await data(browser)).toEqual(expected);
});

it("100 new visitors at the same time at two processes each have their session", async () => {
  const first = await browserOfTwo("visitors.db");
  const browsers = numbers.map(() => first.copy());
  await Promise.all(browsers.map((browser, number) => browser.visit(`/set/key${number}`)));
  const found = await Promise.all(browsers.map(data));
  expect(found).toEqual(numbers.map((number) => ({ [`key${number}`]: 1 })));
});

it("100 calls of update() at the same time in two processes count to 100", async () => {
  const browser = await browserOfTwo("count.db");
  await browser.visit("/set/first");
  const answers = await Promise.all(numbers.map(() => browser.ask("/count")));
  expect(answers.map(({ status }) => status)).toEqual(numbers.map(() => 200));
  expect(await data(browser)).toEqual({ first: 1, count: 100 });
});

it("a new file can be opened by several at the same time", async () => {
  const [threads, files] = [3, 100];
  const counters = new Int32Array(new SharedArrayBuffer(4 * files));
  const workerData = { folder, files, threads, counters };
  const openers = Array.from(
    { length: threads },
    () => new Worker(new URL("./sqlite-opener.ts", import.meta.url), { workerData }),
  );
  const failures = await Promise.all(
    openers.map((opener) => new Promise<string[]>((resolve, reject) => opener.once("message", resolve).once("error", reject))),
  );
  expect(failures.flat()).toEqual([]);
});

it("a process killed in the middle of requests has kept everything that it answered", async () => {
  const server = await start("killed.db");
  const browser = new Browser(server.serve);
  await browser.visit("/set/first");
  const answered: string[] = [];
  const visitors: [visitor: Browser, key: string][] = [];
  // Each goes on until the process is gone.
  const sendTo = async (name: string) => {
    for (let count = 0; ; count++) {
      const key = `${name}-${count}`;
      const visitor = new Browser(server.serve);
      await browser.ask(`/set/${key}`);
      if (answered.push(key) === 100) browser.ask("/kill").catch(() => {});
      await visitor.visit(`/set/${key}`);
      visitors.push([visitor, key]);
    }
  };
  const ends = await Promise.allSettled(numbers.slice(0, 10).map((number) => sendTo(`key${number}`)));
  expect(ends.map(({ status }) => status)).toEqual(ends.map(() => "rejected"));

  const again = await start("killed.db");
  running.push(again);
  const found = (visitor: Browser) => data(at(again, visitor));
  expect(await found(browser)).toMatchObject(Object.fromEntries(answered.map((key) => [key, 1])));
  for (const [visitor, key] of visitors) expect(await found(visitor)).toEqual({ [key]: 1 });
});
