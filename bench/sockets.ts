/**
 * Koa over sockets: what is left of its requests a second when a session is read, and what the server's processor spends on one.
 * node bench/sockets.ts [--quick]
 *
 * Server and client share this machine, so of the requests a second only the rows of one run can be compared. The processor time is
 * that of the server's process alone.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { estimate } from "./harness/statistics.ts";
import { shuffled } from "./harness/timing.ts";
import { renderBudgets } from "./report/tables.ts";
import { writeSection } from "./report/write.ts";
import { ALONE, HANDLERS } from "./sockets/handlers.ts";
import type { Serving, Taken } from "./sockets/server.ts";

const AUTOCANNON = fileURLToPath(new URL("node_modules/autocannon/autocannon.js", import.meta.url));
const SERVER = fileURLToPath(new URL("sockets/server.ts", import.meta.url));
const quick = process.argv.includes("--quick");
const [rounds, requests, connections] = quick ? [1, 500, 16] : [12, 12_000, 16];
/** Rounds before the first one that counts. */
const WARM = quick ? 1 : 2;
/** What Koa with sessions is to have of the requests that a processor alone could serve without. */
const GOAL = 0.7;

interface Server extends Serving {
  readonly name: string;
  readonly child: ChildProcess;
  /** In each round: requests a second, microseconds of the processor in the program for one, and in the kernel. */
  readonly rates: number[];
  readonly user: number[];
  readonly system: number[];
}

async function serve(name: string): Promise<Server> {
  const child = fork(SERVER, [name]);
  const [said] = (await once(child, "message")) as [Serving];
  return { ...said, name, child, rates: [], user: [], system: [] };
}

/** Sends a fixed number of requests. */
async function load({ port, cookie }: Serving): Promise<void> {
  const options = ["-j", "-n", "-c", String(connections), "-a", String(requests), "-H", `Cookie: ${cookie}`];
  const client = spawn(process.execPath, [AUTOCANNON, ...options, `http://127.0.0.1:${port}/read`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  client.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await once(client, "close");
  const { errors, non2xx, "2xx": good } = JSON.parse(text);
  if (errors > 0 || non2xx > 0 || good !== requests)
    throw new Error(`Cannot count: ${errors} errors, ${non2xx} answers that are not 2xx, ${good} that are`);
}

async function taken({ child }: Server): Promise<Taken> {
  child.send("taken");
  const [said] = (await once(child, "message")) as [Taken];
  return said;
}

const servers = await Promise.all(Object.keys(HANDLERS).map(serve));
const alone = servers.find(({ name }) => name === ALONE) as Server;
for (let round = -WARM; round < rounds; round++) {
  for (const server of shuffled(servers)) {
    const before = await taken(server);
    await load(server);
    const after = await taken(server);
    if (round < 0) continue;
    server.rates.push((1000 * requests) / after.elapsed);
    server.user.push((after.user - before.user) / requests);
    server.system.push((after.system - before.system) / requests);
  }
}
for (const { child } of servers) child.disconnect();

const share = (values: readonly number[]) => {
  const { median, spread } = estimate(values);
  return `${Math.round(100 * median)} % ± ${Math.round(100 * spread)}`;
};
const processorShare = ({ user }: Server) => user.map((micros, round) => (alone.user[round] as number) / micros);
const lines = servers.map((server) => {
  const { name, rates, user, system } = server;
  const next = rates.map((rate, round) => rate / (alone.rates[round] as number));
  const micros = [user, system].map((values) => estimate(values).median.toFixed(1));
  return `| ${[name, Math.round(estimate(rates).median), share(next), ...micros, share(processorShare(server))].join(" | ")} |`;
});
const worst = servers
  .filter(({ name }) => name.startsWith("ours: "))
  .map((server) => ({ name: server.name.replace("ours: ", ""), share: estimate(processorShare(server)).median }))
  .sort((left, right) => left.share - right.share)[0] as { name: string; share: number };
const verdict = {
  what: "A read over sockets, share of Koa alone by the server's user time",
  limit: `${100 * GOAL} % at least`,
  found: `${Math.round(100 * worst.share)} % (${worst.name})`,
  met: worst.share >= GOAL,
};
const head = "| | requests a second | share of Koa alone | user time, µs | system time, µs | share of Koa alone, by user time |";
const text = `A session is read in each request; ${connections} connections by autocannon, ${requests} requests a row and round. Each server is a process of its
own; its user and system time are those of \`process.cpuUsage()\`, for one request.\n
${head}\n|---|---|---|---|---|---|\n${lines.join("\n")}\n\n${renderBudgets([verdict])}`;
console.log(text);
if (!quick) writeSection("sockets", text, rounds);
process.exit();
