// The benchmark: npm run bench -- [--quick] [requests|sockets|growth|workerd|sizes ...]. Installs the peers in bench/, and runs the
// parts one after the other. Without --quick each part writes its section of bench/results.md.
// With --against <git ref>, requests are timed next to that ref's build instead of peers, and nothing is written.
import { spawnSync } from "node:child_process";
import { askedFor, PARTS } from "../bench/harness/arguments.ts";

const { parts, quick, against } = asked();
if (against === undefined) run("npm", ["ci", "--prefix", "bench", "--no-audit", "--no-fund"]);
run(process.execPath, ["scripts/build.mjs", "--if-needed"]);
for (const part of parts) {
  console.log(`\n## ${part}\n`);
  const file = against === undefined ? [`bench/${PARTS[part]}`] : ["bench/against.ts", against];
  run(process.execPath, ["--expose-gc", ...file, ...(quick ? ["--quick"] : [])]);
}

function asked() {
  try {
    return askedFor(process.argv.slice(2));
  } catch (error) {
    return fail(error.message);
  }
}

function run(command, args) {
  const env = { ...process.env, NODE_ENV: "production", WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  // With NODE_ENV=production, npm would omit what the build needs.
  if (command === "npm") env.NODE_ENV = "";
  const { status } = spawnSync(command, args, { stdio: "inherit", env });
  if (status !== 0) fail(`Cannot go on: ${command} ${args.join(" ")} failed`);
}

function fail(message) {
  console.log(message);
  process.exit(1);
}
