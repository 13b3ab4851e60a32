/** Packages that only a few tests need, in folders of their own. Installs them where they are not there yet, or older than the lockfile. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, resolve } from "node:path";

const TURN_MS = 200;

/** Gives the packages of a folder's package.json. @param folder Such as `test/koa`, from the root. */
export async function installed(folder: string): Promise<NodeJS.Require> {
  // Test files run in parallel, and one of them installs.
  const lock = `node_modules/.installing-${basename(folder)}`;
  while (isOld(folder) || isHeld(lock)) {
    if (claim(lock)) install(folder, lock);
    else await new Promise((done) => setTimeout(done, TURN_MS));
  }
  return createRequire(resolve(folder, "package.json"));
}

function isOld(folder: string): boolean {
  return timeOf(`${folder}/node_modules/.package-lock.json`) < timeOf(`${folder}/package-lock.json`);
}

function timeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function isHeld(lock: string): boolean {
  return timeOf(lock) > 0;
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
  try {
    if (isOld(folder))
      execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], { cwd: folder });
  } finally {
    rmSync(lock, { force: true });
  }
}
