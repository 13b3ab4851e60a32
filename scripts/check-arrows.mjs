// Fails if a file of src/ imports from a folder listed below its own here, imports a
// package it must not use, or imports itself through others. The list is the
// architecture: a folder is a layer, and docs/architecture.md says what each one knows.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDERS = [
  "ground",
  "cookie",
  "token",
  "session",
  "manager",
  "stored",
  "stores",
  "csrf",
  "devices",
  "features",
  "accept",
  // src/index.ts and src/node.ts export from all of these. Frameworks see only that and their seam.
  ".",
  "adapters",
  // Separate: nothing in the library imports these.
  "testing",
  "cli",
];
const PACKAGES = {
  "adapters/hono.ts": ["hono"],
  "csrf/hono.ts": ["hono"],
  "stores/bridges/settled.ts": ["co"],
  "token/node-hmac.ts": ["node:crypto"],
  "token/node-crypto.ts": ["node:crypto"],
  "stores/durable-object/session-object.ts": ["cloudflare:workers"],
  "adapters/koa-session/current.ts": ["node:async_hooks"],
  "accept/jose.ts": ["jose"],
  "accept/jose-keys.ts": ["jose"],
  "accept/foreign-claims.ts": ["jose"],
  "features/jwt.ts": ["jose"],
  "features/jwt-keys.ts": ["jose"],
  "cli/main.ts": ["node:fs", "node:process", "node:util"],
  "cli/secrets.ts": ["node:util"],
};
// Only Koa's adapter, the command line and their entry may import Node's cryptography.
const NODE_ONLY = {
  "token/node-hmac.ts": ["token/node-crypto.ts"],
  "token/node-crypto.ts": ["node.ts", "adapters/koa/app-keys.ts", "cli/koa-cookies.ts"],
  "node.ts": ["adapters/koa/managers.ts"],
  "adapters/koa/app-keys.ts": [
    "adapters/koa/compatible.ts",
    "adapters/koa/managers.ts",
    "adapters/koa-session/index.ts",
    "adapters/koa-session/managers.ts",
  ],
  "adapters/koa/compatible.ts": ["adapters/koa/index.ts", "adapters/koa/managers.ts"],
};

const files = readdirSync("src", { recursive: true }).filter((name) => name.endsWith(".ts"));
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const problems = [...files.flatMap(problemsOf), ...circles(), ...wrongRows()];

for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? "arrows: in order" : `arrows: ${problems.length} wrong`);
process.exit(problems.length === 0 ? 0 : 1);

function importsOf(file) {
  const text = readFileSync(join("src", file), "utf8");
  return [...text.matchAll(/^(?:import|export (?:type )?[{*])[^;"]*"([^"\n]+)";/gm)].map(([, target]) =>
    target.startsWith(".") ? join(dirname(file), target) : target,
  );
}

function localImports(file) {
  return imports.get(file).filter((target) => imports.has(target));
}

/** A folder directly in src/. Everything in it, at any depth, is one layer. */
function folderOf(file) {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : ".";
}

function pointsBack(file, other) {
  return FOLDERS.indexOf(folderOf(other)) > FOLDERS.indexOf(folderOf(file));
}

function problemsOf(file) {
  if (!FOLDERS.includes(folderOf(file))) return [`src/${file} is in a folder that scripts/check-arrows.mjs does not list`];
  return imports.get(file).flatMap((target) => {
    if (!imports.has(target)) return PACKAGES[file]?.includes(target) ? [] : [`src/${file} must not import ${target}`];
    if (NODE_ONLY[target] && !NODE_ONLY[target].includes(file))
      return [`src/${file} must not import src/${target}: it needs Node`];
    if (pointsBack(file, target))
      return [`src/${file} must not import src/${target}: its folder stands below ${folderOf(file)}/`];
    return isOtherKind(file, target) ? [`src/${file} must not import src/${target}: that is of another store`] : [];
  });
}

/** A folder in stores/ is one kind of database and must not import another. */
function isOtherKind(file, target) {
  return folderOf(file) === "stores" && folderOf(target) === "stores" && dirname(file) !== dirname(target);
}

/** Files that import themselves through others. */
function circles() {
  const done = new Set();
  const found = [];
  const visit = (file, trail) => {
    if (trail.includes(file)) return void found.push(`in a circle: ${[...trail.slice(trail.indexOf(file)), file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const target of localImports(file)) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

/** The rooms in docs/architecture.md must be these folders, with all their files. */
function wrongRows() {
  const page = readFileSync("docs/architecture.md", "utf8");
  const rows = new Map([...page.matchAll(/^\| `([\w-]+)\/` \| (.+?) \|/gm)].map(([, folder, cells]) => [folder, cells]));
  return FOLDERS.filter((folder) => folder !== ".").flatMap((folder) => {
    const there = readdirSync(join("src", folder), { withFileTypes: true })
      .filter(({ name }) => !/\.(d\.ts|cjs|d\.cts)$/.test(name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name.replace(/\.ts$/, "")));
    const said = [...(rows.get(folder) ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    const wrong = [...there.filter((name) => !said.includes(name)), ...said.filter((name) => !there.includes(name))];
    return wrong.map((name) => `docs/architecture.md, the room ${folder}/: ${name} is on one side only`);
  });
}
