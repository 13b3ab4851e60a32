/** Two processes of an application on one database: 100 requests of one visitor at the same time, 50 from each. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createSessions, type SessionOptions } from "../../src/index.ts";
import { Browser } from "./browser.ts";
import { SECRET } from "./secrets.ts";

/** What the visitor's data is when nothing was lost. */
export const ALL_WRITTEN: Record<string, number> = {
  ...Object.fromEntries(
    ["first", "second"].flatMap((name) => Array.from({ length: 50 }, (_none, index) => [`${name}${index}`, 1])),
  ),
  count: 100,
};

/** Starts a process; resolves when it waits for the word to go. */
async function startWriter(file: string, name: string, cookie: string, env: Record<string, string>): Promise<ChildProcess> {
  const writer = spawn("node", [file], {
    env: { ...process.env, ...env, NAME: name, COOKIE: cookie },
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(writer.stdout, "data");
  return writer;
}

/**
 * Runs both processes, each with a program that calls `writeInParallel()`.
 *
 * @param envs The variables of each.
 * @returns the visitor's data afterwards
 */
export async function writeFromTwo(
  store: NonNullable<SessionOptions["store"]>,
  file: string,
  envs: readonly [Record<string, string>, Record<string, string>],
): Promise<unknown> {
  const sessions = createSessions({ secrets: SECRET, store });
  const browser = new Browser(
    sessions.handler((_request, session) => {
      if (session.isNew) session.login("ada");
      return Response.json(session.data);
    }),
  );
  await browser.visit("/");
  const cookie = browser.cookieHeader();
  const pair = await Promise.all([startWriter(file, "first", cookie, envs[0]), startWriter(file, "second", cookie, envs[1])]);
  try {
    const codes = pair.map(async (writer) => (await once(writer, "exit"))[0]);
    for (const writer of pair) writer.stdin?.write("go\n");
    const ended = await Promise.all(codes);
    if (ended.some((code) => code !== 0)) throw new Error(`The processes ended with ${ended}`);
    return await (await browser.visit("/")).json();
  } finally {
    for (const writer of pair) writer.kill("SIGKILL");
  }
}
