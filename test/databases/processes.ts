/** Two processes of an application in one database: 100 requests of one visitor at the same time, and nothing is lost. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";
import { createSessions } from "../../src/index.ts";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";

/** Starts a process; resolves when it waits for the word to go. */
async function startWriter(url: string, name: string, cookie: string): Promise<ChildProcess> {
  const env = { ...process.env, DATABASE_URL: url, NAME: name, COOKIE: cookie };
  const writer = spawn("node", ["test/databases/writer.ts"], { env, stdio: ["pipe", "pipe", "inherit"] });
  await Promise.race([once(writer.stdout, "data"), once(writer, "exit")]);
  return writer;
}

export async function twoProcessesLoseNothing(url: string, store: SqlSessionStore): Promise<void> {
  const sessions = createSessions({ secrets: SECRET, store });
  const browser = new Browser(
    sessions.handler((_request, session) => {
      if (session.isNew) session.login("ada");
      return Response.json(session.data);
    }),
  );
  await browser.visit("/");
  const names = ["first", "second"];
  const pair = await Promise.all(names.map((name) => startWriter(url, name, browser.cookieHeader())));
  const codes = pair.map(async (writer) => (await once(writer, "exit"))[0]);
  for (const writer of pair) writer.stdin?.write("go\n");
  expect(await Promise.all(codes)).toEqual([0, 0]);
  const keys = names.flatMap((name) => Array.from({ length: 50 }, (_none, index) => [`${name}${index}`, 1]));
  expect(await (await browser.visit("/")).json()).toEqual({ ...Object.fromEntries(keys), count: 100 });
}
