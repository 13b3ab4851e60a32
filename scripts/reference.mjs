// Writes docs/reference.md: entry by entry what is exported, with its doc comment and its declaration as published.
// With --check, fails if the file is out of date.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const FILE = "docs/reference.md";
const { name: packageName, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.entries(exports).filter(([, target]) => typeof target === "object");
const sourceOf = (target) => target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts");
const described = new Map();

const text = [
  "# Reference",
  "",
  "Made from the published types by `npm run docs:reference`; do not edit. Instants are epoch seconds, durations seconds.",
  "",
  ...entries.map(([name]) => `- [${packageName}${name.slice(1)}](#${anchorOf(packageName + name.slice(1))})`),
  "",
  ...entries.flatMap(describeEntry),
].join("\n");

if (!process.argv.includes("--check")) writeFileSync(FILE, text);
else if (readFileSync(FILE, "utf8") !== text) {
  console.log(`reference: ${FILE} is not up to date; run: npm run docs:reference`);
  process.exit(1);
}

function describeEntry([name, target]) {
  const source = sourceOf(target);
  const options = { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 };
  const { nodes } = JSON.parse(execFileSync("deno", ["doc", "--json", source], options));
  const [{ symbols }] = Object.values(nodes);
  const summary = docOf(leadingComment(readFileSync(source, "utf8"))).replace(/\n*@module\s*$/, "");
  const specifier = packageName + name.slice(1);
  const described = symbols.toSorted(byKindAndName).flatMap((symbol) => describeSymbol(symbol, specifier));
  return [`## ${specifier}`, "", summary, "", ...described];
}

/** Functions and classes first, then types. Names that alias another export are omitted. */
function byKindAndName(left, right) {
  const rank = ({ declarations: [{ kind }] }) => ["function", "variable", "class"].indexOf(kind) + 1 || 9;
  return rank(left) - rank(right) || (left.name < right.name ? -1 : 1);
}

function describeSymbol({ name, declarations: [{ location }] }, specifier) {
  if (name === "default" || name === "module.exports") return [];
  const file = relative(".", fileURLToPath(location.filename));
  const key = `${file}#${name}`;
  if (described.has(key))
    return [`### ${name}`, "", `The same as in [${described.get(key)}](#${anchorOf(described.get(key))}).`, ""];
  described.set(key, specifier);
  const { comment, code } = declarationOf(name, file.replace("src/", "dist/").replace(/\.ts$/, ".d.ts"));
  return [`### ${name}`, "", prose(docOf(comment)), "", "```ts", code, "```", ""];
}

/**
 * A declaration and its comment from one of tsc's .d.ts files.
 * It ends at a line that starts with `}` or ends the statement.
 */
function declarationOf(name, file) {
  const text = readFileSync(file, "utf8");
  const start = new RegExp(`^export (?:declare )?(?:abstract )?(?:class|interface|type|const|function) ${name}\\b`, "m");
  const found = start.exec(text);
  if (found === null) throw new Error(`Cannot describe ${name}: ${file} does not declare it`);
  const before = text.slice(0, found.index).trimEnd();
  const comment = before.endsWith("*/") ? before.slice(before.lastIndexOf("/**")) : "";
  const lines = text.slice(found.index).split("\n");
  let end = endOf(lines, 0);
  for (let next = overloadAfter(lines, end, name); next > 0; next = overloadAfter(lines, end, name)) end = endOf(lines, next);
  const code = lines.slice(0, end + 1).filter((line) => !/^ +(#private;|private )/.test(line));
  const narrower = code.map((line) => line.replace(/^( {4})+/, (indent) => " ".repeat(indent.length / 2)));
  return { comment, code: narrower.join("\n") };
}

/** The last line of the declaration that starts at this line. */
function endOf(lines, start) {
  return lines.findIndex((line, at) => at >= start && /^\S/.test(line) && /[;}]$/.test(line));
}

/** The line of the next overload, after its comment. 0 if there is none. */
function overloadAfter(lines, end, name) {
  const isComment = lines[end + 1]?.startsWith("/**");
  const at = isComment ? lines.findIndex((line, index) => index > end && line.endsWith("*/")) + 1 : end + 1;
  return new RegExp(`^export declare function ${name}\\b`).test(lines[at]) ? at : 0;
}

function leadingComment(text) {
  return /\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "";
}

function docOf(comment) {
  const inner = comment.replace(/^\/\*\*/, "").replace(/\*\/$/, "");
  return inner
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();
}

/** Tags become sentences, and links become code. */
function prose(doc) {
  return doc
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .replace(/(^|\s)@throws +/g, "$1**Throws** ")
    .replace(/^@param (\w+) +/gm, "- `$1`: ")
    .replace(/^@returns? +/gm, "**Gives** ")
    .replace(/^@example *\n?/gm, "Example:\n\n")
    .replace(/^@(\w+)/gm, "**$1**")
    .replace(/\n(?=\*\*)/g, "\n\n");
}

function anchorOf(heading) {
  return heading.toLowerCase().replace(/[^\w -]/g, "");
}
