// Fails if a request passes through more files of src/ than a reader can follow. Instruments every function to report
// its file, then sends requests through sessions.handler(). With --show, prints the files of each request in order.
import { registerHooks } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isFunction, nodesOf } from "./syntax.mjs";

/** The maximum number of files that a request enters, and of switches between files. */
const LIMITS = {
  "read, in a cookie": { files: 12 },
  "read, in a store": { files: 12 },
  "login, in a cookie": { files: 18 },
  "login, in a store": { files: 18 },
  "update(), in a store": { moves: 60 },
};
const DEEDS = [
  ["untouched", () => {}],
  ["first write", (session) => Object.assign(session.data, { views: 1 })],
  ["read", (session) => session.data.views],
  ["write", (session) => session.data.views++],
  ["login", (session) => session.login("ada")],
  ["update()", (session) => session.update((data) => data.views++)],
  ["logout", (session) => session.logout()],
];
const SRC = join(process.cwd(), "src");

let entered = [];
globalThis.enter = (file) => entered.push(file);
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    const file = url.startsWith("file:") ? fileURLToPath(url) : "";
    return file.startsWith(SRC) ? { ...loaded, source: telling(file, String(loaded.source)) } : loaded;
  },
});

const { createSessions } = await import(pathToFileURL(join(SRC, "index.ts")).href);
const { memory } = await import(pathToFileURL(join(SRC, "stores/memory/index.ts")).href);
const secrets = "UWhBaYKT8LQvG0nMSm9AXwuBvDcYq6Ze2hRrPt1sK7o";
const walked = new Set();
const problems = [];
console.log(`${"".padEnd(28)}files   moves`);
await walk("in a cookie", createSessions({ secrets }));
await walk("in a store", createSessions({ secrets, store: memory() }));
for (const name of Object.keys(LIMITS)) if (!walked.has(name)) problems.push(`nobody walks "${name}"`);
for (const problem of problems) console.log(`walks: ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);

/**
 * The code with a call added at the start of each function. A single-expression function counts as part of its caller.
 */
function telling(file, text) {
  const call = `enter(${JSON.stringify(relative(SRC, file))});`;
  const bodies = [...nodesOf(file, text)].filter(isFunction).map(({ body }) => body);
  const starts = bodies.filter(({ type, body }) => type === "BlockStatement" && body[0]?.expression?.callee?.type !== "Super");
  return starts
    .map(({ start }) => start + 1)
    .sort((left, right) => right - left)
    .reduce((told, at) => told.slice(0, at) + call + told.slice(at), text);
}

/** One browser, which does everything in turn. */
async function walk(where, sessions) {
  const jar = new Map();
  for (const [what, act] of DEEDS) {
    const handler = sessions.handler(async (_request, session) => {
      await act(session);
      return new Response();
    });
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const request = new Request("https://example.com/", { method: "POST", headers: cookie === "" ? {} : { cookie } });
    entered = [];
    const response = await handler(request);
    report(`${what}, ${where}`, entered);
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/Max-Age=0/.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  }
}

function report(name, path) {
  walked.add(name);
  const stops = path.filter((file, index) => file !== path[index - 1]);
  const counted = { files: new Set(stops).size, moves: stops.length - 1 };
  console.log(`${name.padEnd(28)}${String(counted.files).padStart(5)}${String(counted.moves).padStart(8)}`);
  if (process.argv.includes("--show")) console.log(`    ${stops.join("\n    ")}\n`);
  for (const [unit, most] of Object.entries(LIMITS[name] ?? {}))
    if (counted[unit] > most) problems.push(`${name}: ${counted[unit]} ${unit}, and at most ${most} can be followed`);
}
