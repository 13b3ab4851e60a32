/**
 * The build of a commit, stored in .bench/<commit>.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A commit whose dist/ is built. */
export interface Past {
  readonly commit: string;
  readonly folder: string;
}

/** Builds a git ref, unless that was done before. @throws Error if the commit does not exist or cannot be built */
export function buildOf(ref: string): Past {
  const commit = commitOf(ref);
  const folder = join(ROOT, ".bench", commit);
  if (existsSync(folder)) return { commit, folder };
  // An interrupted build must not be taken for a complete one.
  const unfinished = `${folder}.unfinished`;
  unpack(commit, unfinished);
  build(ref, unfinished);
  renameSync(unfinished, folder);
  return { commit, folder };
}

function commitOf(ref: string): string {
  try {
    const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`];
    return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
  } catch (cause) {
    throw new Error(`Cannot compare with ${ref}: git knows no such commit`, { cause });
  }
}

function unpack(commit: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync("git", ["archive", "--format=tar", commit], { cwd: ROOT, maxBuffer: 1024 ** 3 });
  execFileSync("tar", ["-xf", "-", "-C", folder], { input: archive });
}

/** With its own script, but this checkout's compiler and packages, which Node finds in the parent folders. */
function build(ref: string, folder: string): void {
  const PATH = [join(ROOT, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const [command, args] = existsSync(join(folder, "scripts/build.mjs"))
    ? [process.execPath, ["scripts/build.mjs"]]
    : ["tsc", ["-p", "."]];
  try {
    execFileSync(command, args, { cwd: folder, stdio: "inherit", env: { ...process.env, PATH } });
  } catch (cause) {
    throw new Error(`Cannot compare with ${ref}: it does not build`, { cause });
  }
}
