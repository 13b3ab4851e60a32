// Fails when a package of the lockfile does not run on this Node, which is the one that npm installs and all scripts run on, or is deprecated.
// .npmrc says why npm ci does not tell.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const args = ["ci", "--dry-run", "--loglevel=warn", "--no-audit", "--no-fund"];
const { status, stdout, stderr } = spawnSync("npm", args, { encoding: "utf8" });
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const deprecated = Object.entries(packages).filter(([, about]) => about.deprecated !== undefined);
const problems = [
  ...(status === 0 ? [] : [`npm ${args.join(" ")} failed:\n${stdout}${stderr}`]),
  ...stderr.split("\n").filter((line) => line.includes("EBADENGINE")),
  ...deprecated.map(([path, about]) => `${path} is deprecated: ${about.deprecated}`),
];
for (const problem of problems) console.log(`packages: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`packages: ${Object.keys(packages).length}, all for Node ${process.versions.node}, none deprecated`);
