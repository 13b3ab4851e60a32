/** Packages of a test folder that has its own package.json: installs them where they are not there yet, or older than the lockfile. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, resolve } from "node:path";

const TURN_MS = 200;

/** Gives the packages of a folder, as in `packagesOf("test/koa")`. Returns when they are installed. */
export async function packagesOf(folder: string): Promise<NodeJS.Require> {
  // Test files run in parallel, and one of them installs.
  const lock = `node_modules/.installing-${basename(folder)}`;
  while (isOld(folder) || existsSync(lock)) {
    if (claim(lock)) install(folder, lock);
    else await new Promise((done) => setTimeout(done, TURN_MS));
  }
  return createRequire(resolve(folder, "package.json"));
}

function isOld(folder: string): boolean {
  const timeOf = (file: string) => statSync(`${folder}/${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return timeOf("node_modules/.package-lock.json") < timeOf("package-lock.json");
}

function claim(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (!isRunning(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Whether who holds the lock is there: whoever was killed left it behind. */
function isRunning(lock: string): boolean {
  try {
    return process.kill(Number(readFileSync(lock, "utf8")), 0);
  } catch {
    return false;
  }
}

function install(folder: string, lock: string): void {
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  try {
    if (isOld(folder)) execFileSync("npm", ["ci", ...options], { cwd: folder });
  } finally {
    rmSync(lock, { force: true });
  }
}
