/** Programs that serve HTTP on a free port of this machine, started as their first lines say. */
import { type ChildProcess, spawn } from "node:child_process";
import { freePort } from "./free-port.ts";

/** A running program, and how to ask it. */
export interface Server {
  serve(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

const PATIENCE_MS = 60_000;

/** Starts a program in a folder; `command` gets the port. Resolves once it answers. */
export async function startServer(
  command: (port: number) => string[],
  env: Record<string, string> = {},
  cwd = ".",
): Promise<Server> {
  const port = await freePort();
  const [program = "", ...args] = command(port);
  const child = spawn(program, args, { env: { ...process.env, ...env, PORT: String(port) }, stdio: "pipe", detached: true, cwd });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const origin = `http://127.0.0.1:${port}`;
  const serve = (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const asked = new Request(origin + pathname + search, request);
    // As browsers do with a form of the page's own.
    if (asked.method !== "GET" && !asked.headers.has("Origin")) asked.headers.set("Origin", origin);
    return fetch(asked, { redirect: "manual" });
  };
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${program} ${args.join(" ")} does not serve:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { serve, stop: () => stop(child) };
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/favicon.ico`).then(
    () => true,
    () => false,
  );
}

/** Ends the program and what it started: they share a process group of their own. */
function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    process.kill(-(child.pid as number), "SIGTERM");
  });
}
