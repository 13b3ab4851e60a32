/** What the starters of database servers share: a folder of their own, another user than root, and a process that can be killed. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server that tests can kill and start again. */
export interface DatabaseServer {
  readonly port: number;
  readonly folder: string;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and folder. Resolves once it answers. */
  start(): Promise<void>;
  /** Ends it, and removes its folder. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/** Servers refuse to run as root: there, they run as nobody. */
function identity(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const of = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: of("-u"), gid: of("-g") };
}

/** Makes a folder with some files, has a program prepare it, and starts the server in it. */
export async function startIn(
  name: string,
  port: number,
  prepare: (folder: string) => [program: string, ...args: string[]],
  serve: (folder: string) => [program: string, ...args: string[]],
  answers: () => Promise<unknown>,
  files: Readonly<Record<string, string>> = {},
): Promise<DatabaseServer> {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const who = identity();
  if (who.uid !== undefined) chownSync(folder, who.uid, who.gid as number);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const [program, ...args] = prepare(folder);
  execFileSync(program, args, { ...who, cwd: folder, stdio: "pipe" });
  let child: ChildProcess | undefined;
  const kill = () => (child === undefined ? Promise.resolve() : ended(child));
  const start = async () => {
    const [server, ...options] = serve(folder);
    child = spawn(server, options, { ...who, cwd: folder, stdio: "ignore" });
    await answering(child, name, answers);
  };
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  await start();
  return { port, folder, kill, start, stop };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  // What it started goes with it, as when the power fails. Stopped, it starts no more.
  child.kill("SIGSTOP");
  const others = childrenOf(child.pid as number);
  child.kill("SIGKILL");
  for (const pid of others) kill(pid);
  await gone;
  while (others.some(runs)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Postgres does not start again while one of them is there. */
function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

/** It may have seen that its parent is gone, and be gone too. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}

async function answering(child: ChildProcess, name: string, answers: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const error = await answers().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) return;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} does not answer: ${error}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
