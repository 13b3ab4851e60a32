// Prints the size of each entry and of typical bundles, minified and compressed as servers
// send them. Fails if one exceeds its budget in scripts/budgets.json. With --write, makes
// the current sizes the budgets. With --inputs NAME, prints what a row consists of.
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const FILE = "scripts/budgets.json";
const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === "object" ? [{ name, code: `export * from "${target.default}";` }] : [],
);
/** Bundles of applications that use just these features, and their target sizes. A budget is never below its target. */
const bundles = [
  { name: "hono with cookie sessions", goal: 10_000, code: importing({ "./hono": "session" }) },
  { name: "hono with memory", goal: 13_500, code: importing({ "./hono": "session", "./stores/memory": "memory" }) },
  {
    name: "the same, and devices",
    goal: 17_500,
    code: importing({ "./hono": "session", "./stores/memory": "memory", "./devices": "devices" }),
  },
  { name: "koa", goal: 16_000, code: importing({ "./koa": "session" }) },
];
const rows = [...entries, ...bundles];
const shown = process.argv.indexOf("--inputs") + 1;

if (shown > 0) await printInputs(process.argv[shown] ?? ".");
else await printSizes();

function importing(names) {
  return Object.entries(names)
    .map(([entry, name]) => `export { ${name} } from "${exports[entry].default}";`)
    .join("\n");
}

async function printSizes() {
  const sizes = new Map();
  for (const { name, code } of rows) sizes.set(name, sizeOf((await bundle(code)).outputFiles));
  if (process.argv.includes("--write")) writeBudgets(sizes);
  const budgets = JSON.parse(readFileSync(FILE, "utf8"));
  printRow("bytes", "min", "min+gzip", "budget", "goal");
  for (const { name, goal = "" } of rows)
    printRow(name, sizes.get(name).min, sizes.get(name).gzip, budgets[name] ?? "none", goal);

  const problems = [
    ...rows.filter(({ name }) => budgets[name] === undefined).map(({ name }) => `${name} has no budget`),
    ...rows.filter(({ name }) => sizes.get(name).gzip > budgets[name]).map(({ name }) => `${name} grew over its budget`),
    ...Object.keys(budgets).flatMap((name) => (sizes.has(name) ? [] : [`${name} has a budget, but is no row`])),
  ];
  for (const problem of problems) console.log(`size: ${problem}; if that is right: npm run size -- --write`);
  if (problems.length > 0) process.exit(1);
}

/** The current size plus 50 to 150 bytes for other versions of the tools, or the target if it is met. */
function writeBudgets(sizes) {
  const budgetOf = ({ name, goal = 0 }) => Math.max(goal, Math.ceil((sizes.get(name).gzip + 50) / 100) * 100);
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(rows.map((row) => [row.name, budgetOf(row)])), null, 2)}\n`);
}

/** The minified bytes of each file. Without a file, the compressed entry shrinks by about a third of that. */
async function printInputs(name) {
  const row = rows.find((one) => one.name === name);
  if (row === undefined) throw new Error(`There is no row ${name}`);
  const { metafile } = await bundle(row.code);
  const [{ inputs, bytes }] = Object.values(metafile.outputs);
  const largest = Object.entries(inputs).sort(([, left], [, right]) => right.bytesInOutput - left.bytesInOutput);
  printRow(name, "min", "percent");
  for (const [file, { bytesInOutput }] of largest) printRow(file, bytesInOutput, ((100 * bytesInOutput) / bytes).toFixed(1));
}

function bundle(code) {
  const options = { bundle: true, minify: true, format: "esm", platform: "neutral", packages: "external", target: "es2023" };
  return build({ ...options, stdin: { contents: code, resolveDir: "." }, write: false, metafile: true });
}

function sizeOf([{ contents }]) {
  return { min: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}

function printRow(name, ...cells) {
  console.log(name.padEnd(32) + cells.map((cell) => String(cell).padStart(9)).join(""));
}
