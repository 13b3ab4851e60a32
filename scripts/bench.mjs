// The benchmark: npm run bench -- [--quick] [requests|sockets|growth|workerd|sizes ...]. Installs the peers in bench/, and runs the
// parts one after the other. Without --quick each part writes its section of bench/results.md.
import { spawnSync } from "node:child_process";

const PARTS = { requests: "run.ts", sockets: "sockets.ts", growth: "growth.ts", workerd: "workerd.ts", sizes: "sizes.ts" };
const quick = process.argv.includes("--quick");
const wanted = process.argv.slice(2).filter((word) => word !== "--quick");
for (const word of wanted) if (!(word in PARTS)) fail(`Cannot run "${word}": the parts are ${Object.keys(PARTS).join(", ")}`);

run("npm", ["ci", "--prefix", "bench", "--no-audit", "--no-fund"]);
run(process.execPath, ["scripts/build.mjs", "--if-needed"]);
for (const [part, file] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(part)) continue;
  console.log(`\n## ${part}\n`);
  run(process.execPath, ["--expose-gc", `bench/${file}`, ...(quick ? ["--quick"] : [])]);
}

function run(command, args) {
  const env = { ...process.env, NODE_ENV: "production", WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  // Where NODE_ENV says so, npm would leave out what the build needs.
  if (command === "npm") env.NODE_ENV = "";
  const { status } = spawnSync(command, args, { stdio: "inherit", env });
  if (status !== 0) fail(`Cannot go on: ${command} ${args.join(" ")} failed`);
}

function fail(message) {
  console.log(message);
  process.exit(1);
}
