// The pages of the documentation, and the code blocks in them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// Made from the published types, which tsc has checked.
const GENERATED = ["docs/reference.md"];

/** The README and all of docs/. */
export function allPages() {
  const docs = readdirSync("docs", { recursive: true }).filter((file) => file.endsWith(".md"));
  return ["README.md", ...docs.map((file) => join("docs", file))].sort();
}

/**
 * A page's blocks, in its order. After the language stands, if anything, the file that a block is, as in "```ts src/index.ts", or for
 * `sh` what is to be done with it: `start` a server, or `run` it to its end.
 */
export function blocksOf(page) {
  if (GENERATED.includes(page)) return [];
  const text = readFileSync(page, "utf8");
  const found = text.matchAll(/^( *)```([\w-]*)[ \t]*(.*)\n([\s\S]*?)^\1```$/gm);
  return [...found].map(([all, indent, language, info, code], index) => ({
    page,
    index,
    line: text.slice(0, text.indexOf(all)).split("\n").length,
    language,
    info: info.trim(),
    file: language !== "sh" && info.trim() !== "" ? info.trim() : undefined,
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

/** A name for a page's folder. */
export function slugOf(page) {
  return page.replace(/\.md$/, "").replaceAll(/[^\w]+/g, "-");
}
