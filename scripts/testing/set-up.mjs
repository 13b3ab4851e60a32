// Sets up what the tests need and the machine lacks, where it may: by apt-get, as root or with a sudo that asks for no password.
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";

// Debian's servers are in /usr/sbin, which only root has on the PATH.
const FOLDERS = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"].filter((folder) => folder !== "");
const MAX_BUFFER = 64 * 1024 * 1024;

/** What is not there afterwards, each with the way to get it. */
export function setUp(needs, { install }) {
  const missing = needs.filter((need) => !isThere(need));
  if (install && missing.length > 0) {
    installPackages(missing.flatMap(({ debian = [] }) => debian));
    for (const need of missing.filter((one) => !isThere(one))) if (need.setUp !== undefined) run(need);
  }
  const left = missing.filter((need) => !isThere(need));
  return left.map((need) => ({ ...need, way: need.setUp ?? `apt-get install ${need.debian.join(" ")}` }));
}

function isThere({ program }) {
  if (program.includes("/")) return globSync(program).length > 0;
  return FOLDERS.some((folder) => existsSync(join(folder, program)));
}

function run({ name, setUp }) {
  console.log(`Setting up ${name}: ${setUp}`);
  told(setUp, "bash", ["-c", setUp]);
}

function installPackages(packages) {
  const asRoot = wayToRoot();
  if (packages.length === 0 || asRoot === undefined || !isThere({ program: "apt-get" })) return;
  console.log(`Installing what the tests need: apt-get install ${packages.join(" ")}`);
  const aptGet = (...args) => {
    const [program, ...all] = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy", ...args];
    return told(`apt-get ${args.join(" ")}`, program, all);
  };
  // One by one: a release of Debian that lacks one of them has the others.
  if (aptGet("update")) for (const name of packages) aptGet("install", "--no-install-recommends", name);
}

/** What stands before a command to run it as root; undefined where that may not be. */
function wayToRoot() {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "-n"] : undefined;
}

/** Runs a command; whether it went well. What it printed is shown only when it did not. */
function told(command, program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: MAX_BUFFER });
  if (status !== 0) console.log(`Failed: ${command}\n${stdout}${stderr}`);
  return status === 0;
}
