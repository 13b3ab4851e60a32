// Type-checks every TypeScript and JavaScript block against dist/ and the types of its platform.
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { slugOf } from "./blocks.mjs";

const CODE = { ts: "ts", js: "js", mjs: "mjs", cjs: "cjs", tsx: "tsx" };
const WORKERS = /cloudflare:workers|web-session-store\/stores\/(durable-object|session-object|kv|d1)"|(?<!process\.)\benv\.[A-Z]/;
const BROWSER = /\bdocument\.|new WebSocket\(/;
/** A fragment of a function may return although the function is not shown. */
const FRAGMENT = /error TS1108:/;

const PLATFORMS = {
  node: { lib: ["es2023"], types: ["node"] },
  workers: { lib: ["es2023"], types: ["@cloudflare/workers-types"] },
  browser: { lib: ["es2023", "dom", "dom.iterable"], types: [] },
};

/** tsc's errors in the blocks, with the line numbers of their pages. */
export async function typeProblems(blocks, folder) {
  const programs = new Map();
  for (const block of blocks.filter(({ language }) => language in CODE)) {
    // A module declaration in one block would affect all others.
    const alone = /^declare module/m.test(block.code) ? `-${slugOf(block.page)}-${block.index}` : "";
    const name = `${platformOf(block)}-${block.language.startsWith("t") ? "ts" : "js"}${alone}`;
    programs.set(name, [...(programs.get(name) ?? []), block]);
  }
  rmSync(folder, { recursive: true, force: true });
  const found = await Promise.all([...programs].map(([name, own]) => check(join(folder, name), name, own, blocks)));
  return found.flat();
}

function platformOf({ code }) {
  if (WORKERS.test(code)) return "workers";
  return BROWSER.test(code) ? "browser" : "node";
}

async function check(folder, name, own, all) {
  const [platform, language] = name.split("-");
  const places = new Map(own.map((block) => [write(folder, block, all), block]));
  const { lib, types } = PLATFORMS[platform];
  const context =
    platform === "browser" ? [] : [resolve("scripts/pages/context.d.ts"), resolve(`scripts/pages/context-${platform}.d.ts`)];
  const compilerOptions = {
    ...{ target: "es2023", module: "nodenext", moduleDetection: "force", rootDir: resolve("."), noEmit: true },
    ...{ lib, types, strict: language === "ts", allowJs: language === "js", checkJs: language === "js", skipLibCheck: true },
    ...{ allowImportingTsExtensions: true, erasableSyntaxOnly: true },
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: [...context, ...[...places.keys()].map((file) => resolve(file))] }),
  );
  const said = await new Promise((done) => {
    execFile("tsc", ["-p", folder, "--pretty", "false"], (_error, stdout) => done(stdout));
  });
  // Continuation lines are indented. If no overload fits, only they say what is wrong.
  return said
    .replaceAll(/\n +/g, " ")
    .split("\n")
    .filter((line) => line !== "" && !FRAGMENT.test(line))
    .map((line) => onPage(line, places));
}

/** Writes a block, the files that the page has made so far, and the imports it takes from earlier blocks. */
function write(folder, block, all) {
  const home = join(folder, slugOf(block.page), String(block.index));
  const before = all.filter(({ page, index }) => page === block.page && index < block.index);
  for (const { file, code, language } of before) if (file !== undefined && language in CODE) save(join(home, file), code);
  const file = join(home, block.file ?? `block.${CODE[block.language]}`);
  // At the end, so that line numbers stay the same. Imports are hoisted.
  save(file, `${block.code}\n${carriedImports(block, before)}`);
  return file;
}

function save(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Names that an earlier block imported, since a page says only once where a name comes from. */
function carriedImports(block, before) {
  const names = new Map();
  const earlier = block.imports === "" ? before.map(({ code }) => code) : [block.imports];
  for (const code of earlier) for (const one of importsIn(code)) names.set(one.name, one);
  for (const { name } of importsIn(block.code)) names.delete(name);
  // In a fragment it is the request's session, whatever an earlier block imported.
  if (!/\bsession[<(]/.test(block.code)) names.delete("session");
  const declared = new Set(
    [...block.code.matchAll(/\b(?:const|let|function|class|interface|type) \{?\s*(\w+)/g)].map(([, name]) => name),
  );
  // `env` in `process.env` is not the imported name.
  const isUsed = (name) => new RegExp(`(?<!\\w\\.)\\b${name}\\b`).test(block.code);
  const used = [...names.values()].filter(({ name }) => !declared.has(name) && isUsed(name));
  return used.map(({ text }) => text).join(" ");
}

function importsIn(code) {
  return [...code.matchAll(/^import (type )?(?:(\w+)(?:, )?)?(?:\{([^}]+)\})? from "([^"]+)";/gm)].flatMap(
    ([, type = "", main, list = "", from]) => [
      ...(main === undefined ? [] : [{ name: main, text: `import ${type}${main} from "${from}";` }]),
      ...list
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== "")
        .map((one) => {
          return { name: one.split(/\s+/).at(-1), text: `import ${type}{ ${one} } from "${from}";` };
        }),
    ],
  );
}

/** `.docs/types/node-ts/docs-kv/1/block.ts(3,5): error ...` to `docs/kv.md:14: error ...`. */
function onPage(line, places) {
  const [, file, number, rest] = /^(.+?)\((\d+),\d+\): (.+)$/.exec(line) ?? [];
  const block = places.get(file);
  return block === undefined ? line : `${block.page}:${block.line + Number(number)}: ${rest}`;
}
