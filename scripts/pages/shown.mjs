// Blocks that show a file of this repository: "```typescript examples/one.ts" is that file, whole. Its own folder's tests check the code.
import { existsSync, readFileSync } from "node:fs";

/** What is shown otherwise than it is. */
export function shownProblems(blocks) {
  return blocks
    .filter(({ language, file }) => language === "typescript" && file !== undefined)
    .filter(({ file, code }) => !existsSync(file) || readFileSync(file, "utf8") !== code)
    .map(({ page, line, file }) => `${page}:${line}: this is not what ${file} says`);
}
