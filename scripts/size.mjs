// Prints the size of each entry: bundled, minified, and compressed as servers send it. Fails when one grew over its budget in
// scripts/budgets.json. With --write, makes today's sizes the budgets. With --inputs ENTRY, prints what an entry is made of.
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const FILE = "scripts/budgets.json";
const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.entries(exports).filter(([, target]) => typeof target === "object");
const shown = process.argv.indexOf("--inputs") + 1;

if (shown > 0) await printInputs(process.argv[shown] ?? ".");
else await printSizes();

async function printSizes() {
  const sizes = new Map();
  for (const [name, target] of entries) sizes.set(name, sizeOf((await bundle(target)).outputFiles));
  if (process.argv.includes("--write")) writeBudgets(sizes);
  const budgets = JSON.parse(readFileSync(FILE, "utf8"));
  printRow("bytes", "min", "min+gzip", "budget", "wish");
  for (const [name, { min, gzip }] of sizes) printRow(name, min, gzip, budgets[name] ?? "none", wishOf(name) ?? "-");

  const problems = [
    ...entries.filter(([name]) => budgets[name] === undefined).map(([name]) => `${name} has no budget`),
    ...entries.filter(([name]) => sizes.get(name).gzip > budgets[name]).map(([name]) => `${name} grew over its budget`),
    ...Object.keys(budgets).flatMap((name) => (sizes.has(name) ? [] : [`${name} has a budget, but is no entry`])),
  ];
  for (const problem of problems) console.log(`size: ${problem}; if that is right: npm run size -- --write`);
  if (problems.length > 0) process.exit(1);
}

/** What an entry should weigh, in bytes of min+gzip. A wish is not checked. */
function wishOf(name) {
  if (name.startsWith("./stores/")) return 1500;
  return { ".": 5000, "./fetch": 5000, "./hono": 5000, "./koa": 6000 }[name];
}

/** Today's size, and half a hundred to a hundred and fifty bytes for other versions of the tools. */
function writeBudgets(sizes) {
  const budgets = Object.fromEntries([...sizes].map(([name, { gzip }]) => [name, Math.ceil((gzip + 50) / 100) * 100]));
  writeFileSync(FILE, `${JSON.stringify(budgets, null, 2)}\n`);
}

/** The bytes that each file brings, minified; compressed, what the entry loses without it is about a third of that. */
async function printInputs(name) {
  const { metafile } = await bundle(exports[name]);
  const [{ inputs, bytes }] = Object.values(metafile.outputs);
  const largest = Object.entries(inputs).sort(([, left], [, right]) => right.bytesInOutput - left.bytesInOutput);
  printRow(name, "min", "percent");
  for (const [file, { bytesInOutput }] of largest) printRow(file, bytesInOutput, ((100 * bytesInOutput) / bytes).toFixed(1));
}

function bundle(target) {
  const options = { bundle: true, minify: true, format: "esm", platform: "neutral", packages: "external", target: "es2023" };
  return build({ ...options, entryPoints: [target.default], write: false, metafile: true });
}

function sizeOf([{ contents }]) {
  return { min: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}

function printRow(name, ...cells) {
  console.log(name.padEnd(32) + cells.map((cell) => String(cell).padStart(9)).join(""));
}
