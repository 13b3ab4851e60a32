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
  /** Stops the process for a while, as a machine does that is too busy; and lets it go on. */
  freeze(): void;
  thaw(): void;
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
    // A group of its own: its helpers are frozen with it.
    child = spawn(server, options, { ...who, cwd: folder, stdio: "ignore", detached: true });
    await answering(child, name, answers);
  };
  const signal = (which: NodeJS.Signals) => process.kill(-(child?.pid as number), which);
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  await start();
  return { port, folder, kill, start, freeze: () => signal("SIGSTOP"), thaw: () => signal("SIGCONT"), stop };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    process.kill(-(child.pid as number), "SIGKILL");
  });
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
