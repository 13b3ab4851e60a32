/** Real Redis servers on free ports of this machine, each with a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

/** A Redis server that tests can kill and start again. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Ends the process at once, as a crash does: nothing is written any more. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and folder. Resolves once it answers. */
  start(): Promise<void>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 20_000;
const MISSING =
  "Cannot test with Redis: there is no redis-server. Install it: apt-get install redis-server, or brew install redis";

/** Fails with advice where there is no server. */
function assertInstalled(program: string): void {
  try {
    execFileSync(program, ["--version"], { stdio: "pipe" });
  } catch {
    throw new Error(MISSING);
  }
}

/**
 * Starts a server; `options` are those of its command line, such as `["--appendonly", "yes"]`.
 *
 * @param program Another one that takes the same options, such as valkey-server.
 */
export async function startRedis(options: string[] = [], program = "redis-server"): Promise<RedisServer> {
  assertInstalled(program);
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const kill = () => (child === undefined ? Promise.resolve() : ended(child));
  const start = async () => {
    const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--daemonize", "no"];
    child = spawn(program, [...place, ...options], { stdio: "ignore" });
    await answering(child, port);
  };
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  await start();
  return { port, url: `redis://127.0.0.1:${port}`, kill, start, stop };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await pong(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`redis-server does not answer on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a server answers PING, and not that it is still loading. */
function pong(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => end(data.toString().startsWith("+PONG")));
    socket.once("error", () => end(false));
  });
}
