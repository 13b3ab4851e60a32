/** Several processes on one file of Deno KV, and one that is killed: nothing that was answered is lost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "deno-kv-"));
afterAll(() => rmSync(folder, { recursive: true }));

const running: Server[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const PROGRAMS = { Node: ["node"], Deno: ["deno", "run", "-A", "--unstable-kv"] };
const numbers = Array.from({ length: 100 }, (_none, index) => index);
const data = async (browser: Browser) => (await browser.visit("/")).json();

describe.each(Object.entries(PROGRAMS))("on %s", (name, program) => {
  async function start(file: string): Promise<Server> {
    const env = { DATABASE: join(folder, `${name}-${file}`), SESSION_SECRET: SECRET };
    return startServer(() => [...program, "test/deno-kv/server.ts"], env);
  }

  /** A browser whose requests go to two processes in turn. */
  async function browserOfTwo(file: string): Promise<Browser> {
    // One after the other: Deno KV makes its tables when it opens a file.
    for (let count = 0; count < 2; count++) running.push(await start(file));
    let requests = 0;
    return new Browser((request) => (running[requests++ % 2] as Server).serve(request));
  }

  it.each(["set", "patch"])(
    "100 requests at the same time to two processes, each to %s a key of its own, lose none",
    async (verb) => {
      const browser = await browserOfTwo(`${verb}.db`);
      await browser.visit("/set/first");
      const answers = await Promise.all(numbers.map((number) => browser.ask(`/${verb}/key${number}`)));
      expect(answers.map(({ status }) => status)).toEqual(numbers.map(() => 200));
      const expected = Object.fromEntries(["first", ...numbers.map((number) => `key${number}`)].map((key) => [key, 1]));
      expect(await data(browser)).toEqual(expected);
      expect(await data(browser)).toEqual(expected);
    },
  );

  it("100 calls of update() at the same time in two processes count to 100", async () => {
    const browser = await browserOfTwo("count.db");
    await browser.visit("/set/first");
    const answers = await Promise.all(numbers.map(() => browser.ask("/count")));
    expect(answers.map(({ status }) => status)).toEqual(numbers.map(() => 200));
    expect(await data(browser)).toEqual({ first: 1, count: 100 });
  });

  it("a process killed in the middle of requests has kept everything that it answered", async () => {
    const server = await start("killed.db");
    const browser = new Browser(server.serve);
    await browser.visit("/set/first");
    const answered: string[] = [];
    // Each goes on until the process is gone.
    const sendTo = async (key: string) => {
      for (let count = 0; ; count++) {
        await browser.ask(`/set/${key}-${count}`);
        if (answered.push(`${key}-${count}`) === 100) browser.ask("/kill").catch(() => {});
      }
    };
    const ends = await Promise.allSettled(numbers.slice(0, 10).map((number) => sendTo(`key${number}`)));
    expect(ends.map(({ status }) => status)).toEqual(ends.map(() => "rejected"));

    const again = await start("killed.db");
    running.push(again);
    const after = new Browser(again.serve);
    for (const [cookie, held] of browser.cookies) after.cookies.set(cookie, held);
    expect(await data(after)).toMatchObject(Object.fromEntries(answered.map((key) => [key, 1])));
  });
});
