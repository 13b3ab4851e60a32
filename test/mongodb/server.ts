/**
 * A MongoDB-compatible server on a free port: DocumentDB on PostgreSQL, from the folder that set-up.sh made, with a front before it
 * that speaks MongoDB's wire protocol.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import type { MongoClient } from "mongodb";
import { afterAll, beforeAll } from "vitest";
import { freePort } from "../support/free-port.ts";
import { closeClients, connect } from "./clients.ts";
import { type Front, startFront } from "./front/index.ts";
import { poolOf } from "./front/postgres.ts";

/** A server that tests can kill and start again. */
export interface MongoServer {
  /** What drivers connect to. */
  readonly front: Front;
  /** The port of PostgreSQL. */
  readonly database: number;
  /** Ends every process of the database at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts the database again, on the same data. Resolves once it answers. */
  start(): Promise<void>;
  /** Ends it all, and removes the data. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 60_000;
const BINARY = "/usr/lib/postgresql/18/bin/postgres";

/** Where set-up.sh puts it. */
function rootFolder(): string {
  const edition = /^EDITION=(\d+)$/m.exec(readFileSync("test/mongodb/set-up.sh", "utf8"))?.[1];
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const root = process.env.DOCUMENTDB_ROOT ?? join(cache, "web-session-store", `documentdb-forky-${edition}`);
  if (!existsSync(join(root, "made")))
    throw new Error("Cannot test with MongoDB: run test/mongodb/set-up.sh first, as npm run test:mongodb does");
  return root;
}

/** A server for all tests of a file, with a client of driver 7. Both are there when the tests run. */
export function serverOfFile(): { readonly server: MongoServer; readonly client: MongoClient } {
  const made = {} as { server: MongoServer; client: MongoClient };
  beforeAll(async () => {
    made.server = await startMongo();
    made.client = await connect("mongodb", made.server);
  });
  afterAll(async () => {
    await closeClients();
    await made.server?.stop();
  });
  return made;
}

/** Starts a server with no data. */
export async function startMongo(): Promise<MongoServer> {
  const root = rootFolder();
  const folder = mkdtempSync(join(root, "servers", "server-"));
  rmSync(folder, { recursive: true });
  // cp keeps the owner, and knows files of one content.
  execFileSync("cp", ["-a", join(root, "servers", "template"), folder]);
  const port = await freePort();
  let child: ChildProcess | undefined;
  const kill = () => ended(child as ChildProcess, "SIGKILL");
  const start = async () => {
    child = spawnIn(root, `/servers/${basename(folder)}`, port);
    await answering(child, port);
  };
  await start();
  const front = await startFront({ database: port });
  const stop = async () => {
    await front.close();
    // At once as well, but it gives its shared memory back.
    await ended(child as ChildProcess, "SIGQUIT");
    rmSync(folder, { recursive: true, force: true });
  };
  return { front, database: port, kill, start, stop };
}

function spawnIn(root: string, data: string, port: number): ChildProcess {
  const options = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1"];
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
  return spawn("chroot", ["--userspec=postgres:postgres", root, BINARY, ...options], { stdio: "ignore", env });
}

/** Ends the server and the processes that it started, which would go on for a moment when it is killed. */
async function ended(child: ChildProcess, signal: "SIGKILL" | "SIGQUIT"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const children = childrenOf(child.pid);
  child.kill(signal);
  if (signal === "SIGKILL") for (const pid of children) killNow(pid);
  await gone;
  while (children.some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 10));
}

function childrenOf(parent: number): number[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.map(Number).filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(statusOf(pid))?.[1]);
}

/** Whether it has not ended. One that ended stays a zombie in a container whose first process waits for nobody. */
function isRunning(pid: number): boolean {
  return /^State:\s+[^ZX\s]/m.test(statusOf(pid));
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // It has ended.
    return "";
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function answering(child: ChildProcess, port: number): Promise<void> {
  const pool = poolOf(port);
  const deadline = Date.now() + PATIENCE_MS;
  const answers = () =>
    pool.query("SELECT 1", []).then(
      () => true,
      () => false,
    );
  while (!(await answers())) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`PostgreSQL does not answer on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await pool.end();
}
