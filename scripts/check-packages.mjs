// Fails when a package of the lockfile does not run on this Node, which is the one that npm installs and all scripts run on, or is deprecated.
// .npmrc says why npm ci does not tell.
import { readFileSync } from "node:fs";
import { satisfies } from "semver";

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
// Optional packages that do not run here are not installed.
const needed = Object.entries(packages).filter(([, { optional }]) => !optional);
const problems = needed.flatMap(([path, { engines, deprecated }]) => [
  ...(satisfies(process.version, engines?.node ?? "*") ? [] : [`${path} needs Node ${engines.node}`]),
  ...(deprecated === undefined ? [] : [`${path} is deprecated: ${deprecated}`]),
]);
for (const problem of problems) console.log(`packages: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`packages: ${needed.length}, all for Node ${process.versions.node}, none deprecated`);
