/**
 * Finds the files of a build's entries. Folders change over time, but the names that applications import do not.
 *
 * @module
 */

/** A file, nothing, or a choice by conditions, as `exports` of a package.json has them. */
type Target = string | null | { readonly [condition: string]: Target };
export type Exports = Readonly<Record<string, Target>>;

/** Those that Node meets for `import`, beside those that are about types or `require`. */
const CONDITIONS = ["node", "import", "default"];

/** The file that `import` takes for an entry, such as `./koa`; undefined where the package has no such entry. */
export function entryFile(exports: Exports, entry: string): string | undefined {
  return fileOf(exports[entry] ?? null);
}

function fileOf(target: Target): string | undefined {
  if (target === null) return undefined;
  if (typeof target === "string") return target;
  for (const [condition, inner] of Object.entries(target)) {
    const file = CONDITIONS.includes(condition) ? fileOf(inner) : undefined;
    if (file !== undefined) return file;
  }
  return undefined;
}

/** The names of properties in declarations. An option that is not among them is one that the build would pass over in silence. */
export function declaredNames(declarations: string): Set<string> {
  return new Set([...declarations.matchAll(/\b(\w+)\??:/g)].map(([, name]) => name as string));
}
