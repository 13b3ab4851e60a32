// Installs what the tests need and the machine lacks, if allowed: with apt-get, as root or with a passwordless sudo.
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";

// Debian's servers are in /usr/sbin, which only root has on the PATH.
const FOLDERS = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"].filter((folder) => folder !== "");
const MAX_BUFFER = 64 * 1024 * 1024;

/** What is still missing afterwards, each with a way to get it. */
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
  // One by one, because a Debian release may lack one of them.
  if (aptGet("update")) for (const name of packages) aptGet("install", "--no-install-recommends", name);
}

/** The command prefix for running as root. Undefined if not allowed. */
function wayToRoot() {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "-n"] : undefined;
}

/** Runs a command and returns whether it succeeded. Prints its output only if it did not. */
function told(command, program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: MAX_BUFFER });
  if (status !== 0) console.log(`Failed: ${command}\n${stdout}${stderr}`);
  return status === 0;
}
