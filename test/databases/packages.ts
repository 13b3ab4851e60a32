/** Drivers of databases, and the session stores of others on them. Installs it where it is not there yet, or older than the lockfile. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const FOLDER = "test/databases";
// Test files run in parallel, and one of them installs.
const LOCK = "node_modules/.installing-databases";
const TURN_MS = 200;

while (isOld() || existsSync(LOCK)) {
  if (claim()) install();
  else await new Promise((done) => setTimeout(done, TURN_MS));
}

/** Gives a package of test/databases/package.json. */
export const packages: NodeJS.Require = createRequire(resolve(FOLDER, "package.json"));

function isOld(): boolean {
  return timeOf("node_modules/.package-lock.json") < timeOf("package-lock.json");
}

function timeOf(file: string): number {
  return statSync(`${FOLDER}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function claim(): boolean {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (!isRunning()) rmSync(LOCK, { force: true });
    return false;
  }
}

/** Whether who holds the lock is there: whoever was killed left it behind. */
function isRunning(): boolean {
  try {
    return process.kill(Number(readFileSync(LOCK, "utf8")), 0);
  } catch {
    return false;
  }
}

function install(): void {
  try {
    if (isOld()) execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], { cwd: FOLDER });
  } finally {
    rmSync(LOCK, { force: true });
  }
}
