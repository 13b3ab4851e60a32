/** The manifest and the files agree, and tools that judge packages find nothing. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { entries, manifest } from "./manifest.ts";

beforeAll(() => void execFileSync("node", ["scripts/build.mjs", "--if-needed"]));

describe("package.json", () => {
  it.each(entries)("has files for $name", ({ code, types, source }) => {
    for (const file of [code, types, source]) expect(existsSync(file), file).toBe(true);
    expect(types).toBe(code.replace(/\.js$/, ".d.ts"));
  });

  it("exports every file of src/ that no other imports, but the program", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => /(?<!\.d)\.ts$/.test(file));
    const imported = new Set(files.flatMap(importsOf));
    const started = ["cli/main.ts", ...entries.map(({ source }) => source.replace("src/", ""))];
    const unreachable = files.filter((file) => !imported.has(file) && !started.includes(file));
    expect(unreachable).toEqual([]);
  });

  it("exports the kinds of things that it should: adapters, stores, and what stands alone", () => {
    for (const { source } of entries)
      expect(source).toMatch(/^src\/(index|node|(accept|adapters|csrf|devices|features|stores|stored|testing)\/[\w/-]+)\.ts$/);
    const strays = entries.filter(
      ({ name, source }) => name.startsWith("./stores/") !== /^src\/(stores\/|stored\/define)/.test(source),
    );
    expect(strays).toEqual([]);
  });

  it("has one program, under its own name, which no entry leads to", () => {
    expect(manifest.bin).toEqual({ [manifest.name]: "dist/cli/main.js" });
    expect(entries.filter(({ source }) => source.includes("cli/"))).toEqual([]);
  });

  it("says that no file does anything when it is only loaded", () => {
    expect(manifest.sideEffects).toBe(false);
  });

  it("asks for frameworks only where they are used", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["co"]);
    expect(Object.keys(manifest.peerDependencies)).toEqual(["hono", "jose", "koa"]);
    for (const name of Object.keys(manifest.peerDependencies))
      expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
  });

  it("pleases publint", () => {
    expect(execFileSync("publint", ["--strict"], { encoding: "utf8" })).toContain("All good!");
  });

  // The profile leaves out what is not supported: resolution without exports, and CommonJS before Node 22.12.
  it("pleases arethetypeswrong", () => {
    const options = ["--pack", ".", "--profile", "esm-only", "--no-emoji", "--format", "json", "--no-definitely-typed"];
    const { analysis, problems } = JSON.parse(execFileSync("attw", options, { encoding: "utf8", maxBuffer: 1e8 }));
    expect(Object.keys(analysis.entrypoints)).toEqual(Object.keys(manifest.exports));
    const ignored = ["NoResolution", "CJSResolvesToESM"];
    expect(Object.keys(problems).filter((kind) => !ignored.includes(kind))).toEqual([]);
  });
});

describe("jsr.json", () => {
  const jsr = JSON.parse(readFileSync("jsr.json", "utf8"));

  it("has the same entries, version and licence as package.json", () => {
    expect(jsr.exports).toEqual(Object.fromEntries(entries.map(({ name, source }) => [name, `./${source}`])));
    expect([jsr.version, jsr.license]).toEqual([manifest.version, manifest.license]);
  });

  it("names every package that the source imports, as package.json does", () => {
    const { dependencies, peerDependencies } = manifest;
    const { hono, jose } = peerDependencies;
    expect(jsr.imports).toEqual({ co: `npm:co@^${dependencies.co}`, hono: `npm:hono@${hono}`, jose: `npm:jose@${jose}` });
  });

  it("can be published to JSR, which refuses types that it would have to infer", () => {
    // It needs no network: packages are read from node_modules.
    execFileSync("deno", ["publish", "--dry-run", "--allow-dirty"], { stdio: "pipe" });
  });
});

function importsOf(file: string): string[] {
  const specifiers = readFileSync(join("src", file), "utf8").matchAll(/^(?:import|export|\} from)[^"]*"(\.[^"]+)";/gm);
  return [...specifiers].map(([, specifier]) => join(file, "..", specifier as string));
}
