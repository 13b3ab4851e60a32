// Fails if a package in the lockfile is deprecated or does not support this Node,
// which npm installs for all scripts. .npmrc explains why npm ci does not report that.
import { readFileSync } from "node:fs";
import { satisfies } from "semver";

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
// npm does not install optional packages that do not run here.
const needed = Object.entries(packages).filter(([, { optional }]) => !optional);
const problems = needed.flatMap(([path, { engines, deprecated }]) => [
  ...(satisfies(process.version, engines?.node ?? "*") ? [] : [`${path} needs Node ${engines.node}`]),
  ...(deprecated === undefined ? [] : [`${path} is deprecated: ${deprecated}`]),
]);
for (const problem of problems) console.log(`packages: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(`packages: ${needed.length}, all for Node ${process.versions.node}, none deprecated`);
