/**
 * What a start takes: the evaluation of a bundle of Hono with sessions in cookies, in Node and in workerd. node bench/start.ts [--quick]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { NAME } from "./contenders/deeds.ts";
import { cookieHeader } from "./harness/app.ts";
import { fetchApp } from "./harness/fetch-app.ts";
import { estimate } from "./harness/statistics.ts";
import { shuffled } from "./harness/timing.ts";
import { writeSection } from "./report/write.ts";
import { bundle, type Runtime } from "./start/bundle.ts";
import { ALONE, ENTRIES } from "./start/entries.ts";
import { cryptoCallsIn, evaluationIn, type Start } from "./start/in-node.ts";
import { startIn } from "./start/in-workerd.ts";

const quick = process.argv.includes("--quick");
const rounds = quick ? 2 : 30;
const folder = mkdtempSync(join(tmpdir(), "bench-start-"));
/** A Worker without anything: what workerd itself takes. */
const EMPTY = "an empty Worker";

interface Entry {
  readonly name: string;
  readonly file: Readonly<Record<Runtime, string>>;
  /** In each round. */
  readonly node: Start[];
  readonly workerd: Start[];
}

async function add(name: string, source: string, index: number): Promise<Entry> {
  const file = { node: join(folder, `node-${index}.mjs`), workerd: join(folder, `workerd-${index}.mjs`) };
  for (const runtime of ["node", "workerd"] as const) await bundle(source, runtime, file[runtime]);
  return { name, file, node: [], workerd: [] };
}

/** Whether a bundle does what its start is timed for. */
async function check({ name, file }: Entry): Promise<void> {
  for (const one of Object.values(file)) {
    const { default: hono } = await import(pathToFileURL(one).href);
    const app = fetchApp((request) => hono.fetch(request));
    const { setCookie } = await app.ask("/new");
    const { body } = await app.ask("/read", cookieHeader(setCookie));
    if (body !== NAME) throw new Error(`Cannot time the start of ${name}: its session is not read back`);
  }
}

const entries: Entry[] = [];
for (const [name, source] of Object.entries(ENTRIES)) entries.push(await add(name, source, entries.length));
for (const entry of entries) await check(entry);
const empty = await add(EMPTY, 'export default { fetch: () => new Response("empty") };', entries.length);

for (let round = 0; round < rounds; round++) {
  for (const entry of shuffled(entries)) entry.node.push(await evaluationIn(entry.file.node));
  for (const entry of shuffled([...entries, empty])) entry.workerd.push(await startIn(entry.file.workerd));
}

const alone = entries.find(({ name }) => name === ALONE) as Entry;
const lines = [];
for (const { name, file, node, workerd } of entries) {
  const cells = [
    cell(node.map(({ elapsed }) => elapsed)),
    cell(node.map(({ processor }) => processor)),
    cell(more(node, alone.node)),
    cell(more(workerd, empty.workerd)),
    cell(more(workerd, alone.workerd)),
  ];
  const { before } = await cryptoCallsIn(file.node);
  lines.push(`| ${[name, ...cells, before].join(" | ")} |`);
}
rmSync(folder, { recursive: true });

function cell(values: readonly number[]): string {
  const { median, spread } = estimate(values);
  return `${median.toFixed(1)} ± ${spread.toFixed(1)}`;
}

/** How much more of the processor's time it takes in each round. */
function more(values: readonly Start[], others: readonly Start[]): number[] {
  return values.map(({ processor }, round) => processor - (others[round] as Start).processor);
}

const head = [
  ...["", "Node, by the clock", "Node", `more than ${ALONE}`, `workerd, more than ${EMPTY}`, `more than ${ALONE}`],
  "cryptographic calls before the first request",
];
const text = `Milliseconds to read, compile and evaluate a bundle of Hono with sessions in an encrypted cookie, in a fresh process of Node and in a Worker of
workerd. Where nothing else is said, it is processor time: of all threads, and lengthened little by other programs.\n
| ${head.join(" | ")} |\n|${"---|".repeat(head.length)}\n${lines.join("\n")}`;
console.log(text);
if (!quick) writeSection("start", text, rounds);
process.exit();
