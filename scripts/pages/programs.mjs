// Runs a page's programs as a reader would: writes the files it shows, starts its servers, and types its commands.
//
// A block with a file name is that file. "sh start" starts a server, and "sh run"
// runs to the end. In "console", each line after "$ " is a command followed by
// its output, where "..." matches anything. Ports differ from those on the page.
import { execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { slugOf } from "./blocks.mjs";

const PORTS = /\b(3000|8787)\b/g;
const PATIENCE_MS = 60_000;
// npx would fetch missing packages from the network. The default port may be in use.
const PRELUDE = `npx() {
  if [ "$1 $2" != "wrangler dev" ]; then "$@"; return; fi
  shift 2; wrangler dev --ip 127.0.0.1 --port "$PORT" --inspector-port 0 --show-interactive-dev-session=false "$@"
}
`;

/** What did not go as the pages say. */
export async function programProblems(blocks, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "bin"), { recursive: true });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve("dist/cli/main.js"), join(folder, "bin/web-session-store"));
  symlinkSync(resolve("."), join(folder, "node_modules/web-session-store"));
  const pages = Map.groupBy(blocks, ({ page }) => page);
  const running = [...pages.values()].filter((own) => own.some(isStep)).map((own) => runPage(own, folder));
  return (await Promise.all(running)).flat();
}

function isStep({ language, info }) {
  return language === "console" || (language === "sh" && ["start", "run"].includes(info));
}

async function runPage(blocks, folder) {
  const home = join(folder, slugOf(blocks[0].page));
  mkdirSync(home);
  const port = await freePort();
  const reader = { home, port, bin: resolve(folder, "bin"), server: undefined };
  const problems = [];
  try {
    for (const block of blocks) problems.push(...(await take(block, reader)));
  } catch (error) {
    problems.push(error.message);
  }
  await stop(reader);
  return problems;
}

/** Runs one block. If a server does not start, the page ends. */
async function take(block, reader) {
  const code = block.code.replaceAll(PORTS, String(reader.port));
  if (block.file !== undefined) {
    const file = join(reader.home, block.file);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
  }
  if (block.language === "sh" && block.info === "start") await start(block, code, reader);
  if (block.language === "sh" && block.info === "run") await run(block, code, reader);
  return block.language === "console" ? converse(block, code, reader) : [];
}

async function converse(block, code, reader) {
  const problems = [];
  for (const [, command, expected] of code.matchAll(/^\$ (.+)\n((?:(?!\$ ).*\n)*)/gm)) {
    const { stdout, stderr } = await type(command, reader);
    if (!patternOf(expected).test(stdout.replaceAll("\r\n", "\n")))
      problems.push(`${block.page}:${block.line}: $ ${command}\n  should print: ${expected}  prints: ${stdout}${stderr}`);
  }
  return problems;
}

function patternOf(expected) {
  const lines = expected.split("\n").map((line) => {
    return line === "..."
      ? "[^]*"
      : line
          .split("...")
          .map((text) => RegExp.escape(text))
          .join(".*");
  });
  return new RegExp(`^${lines.join("\n").replace(/\n$/, "\n?")}$`);
}

/** Runs commands to the end. Returns their output. */
function type(command, reader) {
  return new Promise((done) => {
    const options = { cwd: reader.home, env: environment(reader), timeout: PATIENCE_MS };
    execFile("bash", ["-o", "pipefail", "-ec", PRELUDE + command], options, (error, stdout, stderr) => {
      done({ ok: error === null, stdout, stderr });
    });
  });
}

async function run({ page, line }, code, reader) {
  const { ok, stdout, stderr } = await type(code, reader);
  if (!ok) throw new Error(`${page}:${line}: failed: ${code}${stdout}${stderr}`);
}

async function start({ page, line }, command, reader) {
  await stop(reader);
  const child = spawn("bash", ["-ec", PRELUDE + command], { cwd: reader.home, env: environment(reader), detached: true });
  reader.server = child;
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await answers(reader.port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${page}:${line}: does not serve: ${command}${output}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

function environment({ bin, port }) {
  const { PATH, HOME, WRANGLER_SEND_METRICS = "false", CLOUDFLARE_CF_FETCH_ENABLED = "false" } = process.env;
  return {
    PATH: `${bin}:${resolve("node_modules/.bin")}:${PATH}`,
    HOME,
    PORT: String(port),
    WRANGLER_SEND_METRICS,
    CLOUDFLARE_CF_FETCH_ENABLED,
  };
}

function answers(port) {
  return fetch(`http://localhost:${port}/favicon.ico`).then(
    () => true,
    () => false,
  );
}

/** Ends the server and its children, which share a process group. */
function stop(reader) {
  const { server } = reader;
  reader.server = undefined;
  if (server === undefined || server.exitCode !== null) return undefined;
  return new Promise((done) => {
    server.once("exit", done);
    process.kill(-server.pid, "SIGTERM");
  });
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
