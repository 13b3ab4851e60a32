// The documentation's pages and their code blocks.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// Generated from published types, which tsc has checked, so only its examples need checking.
const GENERATED = ["docs/reference.md"];

/** The README and all of docs/. */
export function allPages() {
  const docs = readdirSync("docs", { recursive: true }).filter((file) => file.endsWith(".md"));
  return ["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md", ...docs.map((file) => join("docs", file))].sort();
}

/**
 * A page's blocks, in order. The info string after the language is the name of the file shown, as
 * in "```ts src/index.ts". For `sh` it says what to do: `start` a server, or `run` to the end.
 */
export function blocksOf(page) {
  const text = readFileSync(page, "utf8");
  const found = text.matchAll(/^( *)```([\w-]*)[ \t]*(.*)\n([\s\S]*?)^\1```$/gm);
  const isOurs = ({ index }) => !GENERATED.includes(page) || text.slice(0, index).endsWith("Example:\n\n");
  return [...found].filter(isOurs).map(([all, indent, language, info, code], index) => ({
    page,
    index,
    line: text.slice(0, text.indexOf(all)).split("\n").length,
    language,
    info: info.trim(),
    file: language !== "sh" && info.trim() !== "" ? info.trim() : undefined,
    imports: GENERATED.includes(page) ? importsOf(text, text.indexOf(all)) : "",
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

// Also available to examples in the reference.
const USUAL = 'import { env } from "cloudflare:workers";\nimport { Hono } from "hono";';

/**
 * Examples in the reference can use the exports of their entry, of the
 * middleware beside it, and of the root. These are the headings there.
 */
function importsOf(text, at) {
  const sections = text.split(/^(?=## )/m).map((section) => ({ section, specifier: /^## (\S+)/.exec(section)?.[1] ?? "" }));
  const own = text
    .slice(0, at)
    .match(/^## \S+/gm)
    ?.at(-1)
    ?.slice(3);
  const reached = ["web-session-store", own.replace("/csrf/", "/"), own];
  const imports = reached.map((wanted) => {
    const { section } = sections.find(({ specifier }) => specifier === wanted);
    const names = [...section.matchAll(/^### (\S+)/gm)].map(([, name]) => name);
    return `import { ${names.join(", ")} } from "${wanted}";`;
  });
  return [...imports, USUAL].join("\n");
}

/** A folder name for a page. */
export function slugOf(page) {
  return page.replace(/\.md$/, "").replaceAll(/[^\w]+/g, "-");
}
