/**
 * Inside workerd: what it takes to open and to make a token, and to answer a request with a session. node bench/workerd.ts [--quick]
 *
 * workerd's clock stands still while code runs, so many are done in one request, which is timed from outside; the same loop
 * with nothing in it is taken off.
 */
import { fileURLToPath } from "node:url";
import { unstable_startWorker } from "wrangler";
import { estimate } from "./harness/statistics.ts";
import { shuffled } from "./harness/timing.ts";
import { writeSection } from "./report/write.ts";

const quick = process.argv.includes("--quick");
const [rounds, times] = quick ? [2, 50] : [25, 1000];
const WORKS = ["nothing", ...["readable", "encrypted"].flatMap((kind) => [`open ${kind}`, `seal ${kind}`, `read ${kind}`])];

const worker = await unstable_startWorker({
  config: fileURLToPath(new URL("workerd.toml", import.meta.url)),
  dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, persist: false, logLevel: "error" },
});
const url = await worker.url;

async function run(work: string): Promise<number> {
  const begun = performance.now();
  const response = await fetch(new URL(`/?work=${encodeURIComponent(work)}&times=${times}`, url));
  const done = await response.text();
  if (done !== String(times)) throw new Error(`Cannot time ${work}: ${done}`);
  return (1000 * (performance.now() - begun)) / times;
}

const found = new Map(WORKS.map((work) => [work, [] as number[]]));
for (const work of WORKS) await run(work);
for (let round = 0; round < rounds; round++) for (const work of shuffled(WORKS)) found.get(work)?.push(await run(work));
await worker.dispose();

const nothing = estimate(found.get("nothing") as number[]).median;
const lines = WORKS.slice(1).map((work) => {
  const { median, spread } = estimate(found.get(work) as number[]);
  return `| ${work} | ${(median - nothing).toFixed(1)} ± ${spread.toFixed(1)} |`;
});
const text = `Microseconds, ${times} in a row in one request, nothing remembered: *open* and *seal* are a token alone, *read* is load, read and
apply with a new Response.\n\n| | microseconds |\n|---|---|\n${lines.join("\n")}`;
console.log(text);
if (!quick) writeSection("workerd", text, rounds);
process.exit();
