// Runs the portable suite (test/portable/) on every runtime in the README and prints the results. Arguments limit
// it to the named runtimes. RUNTIMES_LEFT_OUT lists runtimes to skip, separated by commas. npm test sets it.
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const FOLDER = fileURLToPath(new URL("../test/runtimes/", import.meta.url));
const MAX_BUFFER = 64 * 1024 * 1024;
const PATIENCE_MS = 120_000;
const GLOBALS = "Buffer,process,setImmediate,global";
// Each runs in test/runtimes/.
const RUNTIMES = {
  "Node 22": ["node_modules/node22/bin/node", "run.mjs", GLOBALS, "whole"],
  "Node 24": ["../../node_modules/node/bin/node", "run.mjs", GLOBALS, "whole"],
  "Node 26": ["node_modules/node26/bin/node", "run.mjs", GLOBALS, "whole"],
  Deno: ["deno", "run", "--no-config", "--cached-only", "run.mjs", GLOBALS, "no key wrap"],
  Bun: ["bun", "run.mjs", GLOBALS, "no key wrap"],
  "workerd, nodejs_compat": ["workerd", "test", "workerd.capnp", "compat:main:*"],
  "workerd, no Node API": ["workerd", "test", "workerd.capnp", "bare:main:*"],
};

const leftOut = process.env.RUNTIMES_LEFT_OUT?.split(",") ?? [];
const wanted = Object.entries(RUNTIMES).filter(
  ([name]) => !leftOut.includes(name) && (process.argv.length === 2 || process.argv.includes(name)),
);
if (wanted.some(([, [program]]) => program.startsWith("node_modules/") && !existsSync(FOLDER + program))) install();
await bundle();

const failures = [];
printRow("runtime", "version", "passed", "failed", "seconds");
for (const [name, command] of wanted) {
  const begun = performance.now();
  const { passed, failed } = await outcomeOf(command);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const version = await versionOf(command[0]);
  printRow(name, version, passed, failed.length, seconds);
  failures.push(...failed.map((failure) => `${name}: ${failure}`));
  const [program, major] = name.split(" ");
  if (program === "Node" && !version.startsWith(`${major}.`)) failures.push(`${name} is version ${version}`);
}
for (const failure of failures) console.log(failure);
process.exit(failures.length === 0 ? 0 : 1);

/**
 * The Node versions cannot be root dependencies: npm would link
 * one of them as node_modules/.bin/node instead of Node 24.
 */
function install() {
  // An npm older than this Node prints a warning about itself.
  const env = { ...process.env, NODE_OPTIONS: "--disable-warning=DEP0169" };
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: FOLDER, stdio: "inherit", env });
}

/** One bundle for all runtimes, so that all run the same code. What imports node:crypto is separate. */
async function bundle() {
  const entryPoints = { portable: "test/portable/index.ts", koa: "src/adapters/koa/index.ts", node: "src/node.ts" };
  const options = { outdir: ".portable", outExtension: { ".js": ".mjs" }, external: ["node:crypto"], logLevel: "warning" };
  await build({ entryPoints, bundle: true, format: "esm", platform: "neutral", mainFields: ["module", "main"], ...options });
}

function printRow(name, version, ...numbers) {
  console.log(name.padEnd(24) + version.padEnd(12) + numbers.map((number) => String(number).padStart(9)).join(""));
}

async function outcomeOf([program, ...args]) {
  const options = { cwd: FOLDER, maxBuffer: MAX_BUFFER, timeout: PATIENCE_MS };
  const { stdout, stderr } = await promisify(execFile)(program, args, options).catch((error) => error);
  const line = `${stdout}${stderr}`.split("\n").find((text) => text.startsWith("outcome "));
  if (line === undefined) return { passed: 0, failed: [`ended without an outcome\n${stdout}${stderr}`] };
  const outcome = JSON.parse(line.slice("outcome ".length));
  return outcome.passed > 0 ? outcome : { passed: 0, failed: ["ran no story", ...outcome.failed] };
}

async function versionOf(program) {
  const { stdout } = await promisify(execFile)(program, ["--version"], { cwd: FOLDER }).catch(() => ({ stdout: "none" }));
  return stdout
    .trim()
    .replace(/^(v|deno |workerd )/, "")
    .split(" ")[0];
}
