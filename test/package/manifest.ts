/** What package.json says of the entries. */
import { readFileSync } from "node:fs";

/** The manifest, as far as tests use it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly sideEffects: boolean;
  readonly bin: Record<string, string>;
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { readonly optional: boolean }>;
}

export const manifest: Manifest = JSON.parse(readFileSync("package.json", "utf8"));

/** One entry: `./koa` is at `dist/adapters/koa/index.js`, made from `src/adapters/koa/index.ts`. */
export interface Entry {
  readonly name: string;
  /** What an application imports. */
  readonly specifier: string;
  readonly code: string;
  readonly types: string;
  readonly source: string;
}

/** The entries that are code. */
export const entries: readonly Entry[] = Object.entries(manifest.exports).flatMap(([name, target]) => {
  if (typeof target === "string") return [];
  const source = target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts");
  return [{ name, specifier: manifest.name + name.slice(1), code: target.default, types: target.types, source }];
});
