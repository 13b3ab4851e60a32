/**
 * Starts a bundle in workerd. Its clock stands still during module evaluation, so this is timed from outside:
 * how much longer a process with many copies of the Worker takes to listen than one with as many empty Workers.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import type { Start } from "./in-node.ts";

/** The path of workerd, which Wrangler installs. */
const WORKERD: string = createRequire(import.meta.resolve("wrangler"))("workerd").default;
const COPIES = 20;

/** Milliseconds per copy until workerd listens with many copies of a bundle. */
export async function startIn(bundle: string): Promise<Start> {
  const config = join(dirname(bundle), "workerd.capnp");
  const services = Array.from({ length: COPIES }, (_, index) => `(name = "copy${index}", worker = .copy)`).join(", ");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const copy :Workerd.Worker = (
  modules = [(name = "bundle.mjs", esModule = embed ${JSON.stringify(basename(bundle))})], compatibilityDate = "2026-01-01");
const config :Workerd.Config = (
  services = [${services}], sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "copy0")]);`,
  );
  const begun = performance.now();
  const child = spawn(WORKERD, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  const ended = once(child, "exit").then(() => undefined);
  const [, , , control] = child.stdio;
  const said = await Promise.race([once(control as NodeJS.ReadableStream, "data"), ended]);
  const elapsed = performance.now() - begun;
  const processor = said === undefined ? 0 : (processorTime(child.pid as number) ?? elapsed);
  child.kill("SIGKILL");
  await ended;
  if (said === undefined) throw new Error(`Cannot start ${bundle} in workerd`);
  return { elapsed: elapsed / COPIES, processor: processor / COPIES };
}

/** Milliseconds of processor time of all threads of a process. Linux only. */
function processorTime(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8"));
  return threads.reduce((sum, text) => sum + Number.parseInt(text, 10) / 1e6, 0);
}
