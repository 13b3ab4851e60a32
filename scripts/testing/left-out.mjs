// Finds the tests that need what is missing.
import { globSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";

const SOURCES = "{test,bench}/**/*.ts";
const IMPORT = /(?:from|import|import\() ?"(\.[^"]+)"/g;
const options = { exclude: (name) => name === "node_modules" };

/** The test files that are one of these, or import one directly or indirectly. */
export function testsThatNeed(patterns, files = globSync(SOURCES, options)) {
  const importers = importersOf(files);
  const found = new Set(files.filter((file) => patterns.some((pattern) => matchesGlob(file, pattern))));
  // A loop over a set also visits items added during the loop.
  for (const file of found) for (const importer of importers.get(file) ?? []) found.add(importer);
  return [...found].filter((file) => file.endsWith(".test.ts")).sort();
}

/** For each file, the files that import it. */
function importersOf(files) {
  const pairs = files.flatMap((file) => {
    const imported = [...readFileSync(file, "utf8").matchAll(IMPORT)];
    return imported.map(([, path]) => [join(file, "..", path), file]);
  });
  const groups = Map.groupBy(pairs, ([imported]) => imported);
  return new Map([...groups].map(([imported, own]) => [imported, own.map(([, importer]) => importer)]));
}
