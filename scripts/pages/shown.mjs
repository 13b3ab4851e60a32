// Checks blocks that show a whole file: "```typescript examples/one.ts" must
// equal that file. Tests of its folder check the code.
import { existsSync, readFileSync } from "node:fs";

/** Blocks that differ from their file. */
export function shownProblems(blocks) {
  return blocks
    .filter(({ language, file }) => language === "typescript" && file !== undefined)
    .filter(({ file, code }) => !existsSync(file) || readFileSync(file, "utf8") !== code)
    .map(({ page, line, file }) => `${page}:${line}: this is not what ${file} says`);
}
