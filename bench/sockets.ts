/**
 * Koa over sockets: what is left of its requests a second when a session is read. node bench/sockets.ts [--quick]
 *
 * Server and client share this machine, so only the rows of one run can be compared.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type Koa from "koa";
import { session } from "../dist/adapters/koa/index.js";
import { useGenericSession, useKoaSession } from "./contenders/koa.ts";
import { ourOptions } from "./contenders/ours.ts";
import { ctxSession, koaHandler } from "./frameworks/koa.ts";
import { cookieHeader } from "./harness/app.ts";
import { type NodeHandler, nodeApp } from "./harness/node-app.ts";
import { estimate } from "./harness/statistics.ts";
import { shuffled } from "./harness/timing.ts";
import { writeSection } from "./report/write.ts";

const AUTOCANNON = fileURLToPath(new URL("node_modules/autocannon/autocannon.js", import.meta.url));
const quick = process.argv.includes("--quick");
const [rounds, seconds, connections] = quick ? [1, 1, 16] : [7, 3, 16];

const with_ = (use: (app: Koa) => unknown): NodeHandler => koaHandler(ctxSession, use as (app: Koa) => void);
const ours = (options: object): NodeHandler => with_((app) => app.use(session(options as never) as never));
const handlers: readonly (readonly [name: string, handler: NodeHandler])[] = [
  ["Koa alone", koaHandler()],
  ["ours: Koa, readable", ours(ourOptions("signed"))],
  ["ours: Koa, encrypted", ours(ourOptions("encrypted"))],
  ["ours: Koa, store", ours(ourOptions("store"))],
  ["ours: Koa compatible, cookie", ours({})],
  ["koa-session (cookie)", with_(useKoaSession("cookie"))],
  ["koa-session (store)", with_(useKoaSession("store"))],
  ["koa-generic-session", with_(useGenericSession)],
];

/** Requests a second. */
function load(port: number, cookie: string): Promise<number> {
  const options = ["-j", "-n", "-c", String(connections), "-d", String(seconds), "-H", `Cookie: ${cookie}`];
  const client = spawn(process.execPath, [AUTOCANNON, ...options, `http://127.0.0.1:${port}/read`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  client.stdout.on("data", (chunk) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    client.once("error", reject);
    client.once("close", () => {
      const { requests, errors, non2xx } = JSON.parse(text);
      if (errors > 0 || non2xx > 0) reject(new Error(`Cannot count: ${errors} errors, ${non2xx} answers that are not 2xx`));
      else resolve(requests.average);
    });
  });
}

const servers = [];
for (const [name, handler] of handlers) {
  const created = await nodeApp(handler).ask("/new");
  const cookie = cookieHeader(created.setCookie) || "session=none";
  const server = createServer(handler as never);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push({ name, server, cookie, counts: [] as number[], shares: [] as number[] });
}
const alone = servers[0] as (typeof servers)[number];
for (let round = 0; round < rounds; round++) {
  for (const one of shuffled(servers)) one.counts.push(await load((one.server.address() as AddressInfo).port, one.cookie));
  for (const one of servers) one.shares.push((one.counts[round] as number) / (alone.counts[round] as number));
}

const rows = servers.map(({ name, counts, shares }) => {
  const { median, spread } = estimate(shares);
  return `| ${name} | ${Math.round(estimate(counts).median)} | ${Math.round(100 * median)} % ± ${Math.round(100 * spread)} |`;
});
const text = `A session is read in each request; ${connections} connections by autocannon, ${seconds} seconds a row and round.\n
| | requests a second | share of Koa alone |\n|---|---|---|\n${rows.join("\n")}`;
console.log(text);
if (!quick) writeSection("sockets", text, rounds);
process.exit();
