// Fails if a file or function of src/ is too long to read at one sitting, if an abandoned name
// returns, or if a page or comment names a missing file. docs/architecture.md defines the terms.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { isFunction, nodesOf } from "./syntax.mjs";

const LONGEST_FILE = 250;
const LONGEST_FUNCTION = 60;

/** Names in code that used to have another meaning, or several. In prose they are ordinary words. */
const NAMES = [
  { names: ["SessionState", "stateOf"], now: "Visit", within: /^(src|examples|scripts)\// },
  { names: ["Engine", "engine"], now: "Manager", within: /^(src|examples|scripts)\// },
  { names: ["Keeping", "keeping"], now: "Backend", within: /^(src|examples|scripts)\// },
  { names: ["dataInToken", "timesInToken"], now: "the mode of a Channel", within: /^src\// },
  { names: ["trustsVisitors"], now: "hostOnly", within: /^src\// },
  { names: ["turns"], now: "the identity of visit.wish", within: /^src\// },
  { names: ["slid", "Entry"], now: "recordAfterUse, rowAfterUse or RecordOrMark", within: /^src\/(?!testing)/ },
  // These folders are about sessions in requests. Stores, the command line and the contracts may use these words.
  { names: ["Kept", "kept"], now: "what it is, such as loaded, living or latest", within: /^src\/(?!stores|testing|cli)/ },
  { names: ["Place", "placeOf"], now: "Channel", within: /^src\/(?!stores|testing|cli)/ },
];

/** Words that no page, comment, test title or message may use. */
const WORDS = [
  // Except in MySQL's own syntax.
  { word: /\bengines?\b(?! = InnoDB)/i, now: "manager" },
  { word: /\b(SessionState|stateOf|trustsVisitors|dataInToken|timesInToken)\b/, now: "Visit, hostOnly or mode" },
  { word: /\bcarry-out\b|\bsession-data\b/, now: "stored/write.ts or session/data.ts" },
  { word: /`(Keeping|keeping|Kept)`/, now: "Backend or Living" },
  // Phrases that read as translated.
  { word: /\bnothing for nobody\b/i, now: "anonymous visitors cost nothing" },
  { word: /(?<!\(const .*)\bof (before|then)\b/, now: "earlier, old, or that it was made with" },
  { word: /\bbelongs? into\b/, now: "belongs in" },
  { word: /\btold of\b/, now: "told about, or is called for" },
  { word: /\bwritten down\b/, now: "recorded" },
  { word: /\bfor ever\b/, now: "forever" },
  { word: /\bwhat is not there\b/, now: "what is missing" },
  { word: /\b(he|him|his|she)\b/i, now: "they, them or their" },
  { word: /\b(begins?|began|begun) anew\b/, now: "starts again", within: /\.md$/ },
  { word: /\b(comes?|came) along\b/, now: "is kept, or is taken along", within: /\.md$/ },
  { word: /\b(an|any) end\b/, now: "a logout, or when a session ends", within: /\.md$/ },
  { word: /\bmend (it|them)\b/, now: "fix it", within: /\.md$/ },
];

/** File names that are not allowed: vague gerunds and adjectives, and synonyms of existing terms. */
const FILES = [
  ...["state", "session-data", "settings", "engine", "keeping", "fitting", "usable", "opening", "handling"],
  ...["accepting", "watching", "loading", "carry-out", "login-options", "lifetime"],
];

/** Pages about this repository's files. Guides are about an application's files, such as its own `store.ts`. */
const ABOUT_CODE = /^(CONTRIBUTING|SECURITY|bench\/README|docs\/(architecture|security|decisions\/.+))\.md$/;

const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .trim()
  .split("\n");
// package.json has a field with one of these words.
const isOurs = (file) => !/^(bench\/results|scripts\/check-(house|packages)|CHANGELOG|docs\/reference)/.test(file);
const source = tracked.filter((file) => /^src\/.+\.ts$/.test(file));
const code = tracked.filter((file) => /^(src|examples|scripts|test|bench)\/.+\.(ts|mjs|js)$/.test(file) && isOurs(file));
const pages = tracked.filter((file) => file.endsWith(".md") && isOurs(file));

const problems = [
  ...source.flatMap((file) => [...lengthsOf(file), ...fileName(file)]),
  ...code.flatMap(namesIn),
  ...[...code, ...pages].flatMap(wordsIn),
  ...[...pages.filter((file) => ABOUT_CODE.test(file)), ...source].flatMap(filesNamedIn),
];
for (const problem of problems) console.log(`house: ${problem}`);
console.log(problems.length === 0 ? "house: in order" : `house: ${problems.length} to mend`);
process.exit(problems.length === 0 ? 0 : 1);

function lengthsOf(file) {
  const text = readFileSync(file, "utf8");
  const lines = lineAt(text.trimEnd(), Number.POSITIVE_INFINITY);
  const long = [...nodesOf(file, text)].filter(isFunction).flatMap(({ start, end }) => {
    const length = lineAt(text, end) - lineAt(text, start) + 1;
    const what = `${file}:${lineAt(text, start)}: a function of ${length} lines`;
    return length > LONGEST_FUNCTION ? [`${what}; the longest may have ${LONGEST_FUNCTION}`] : [];
  });
  return lines > LONGEST_FILE ? [`${file}: ${lines} lines; the longest may have ${LONGEST_FILE}`, ...long] : long;
}

function fileName(file) {
  return FILES.includes(basename(file, ".ts")) ? [`${file}: no file is called so any more`] : [];
}

function namesIn(file) {
  const rules = NAMES.filter(({ within }) => within.test(file));
  if (rules.length === 0) return [];
  const text = readFileSync(file, "utf8");
  const found = new Map();
  for (const node of nodesOf(file, text)) {
    const rule = /Identifier$/.test(node.type) && rules.find(({ names }) => names.includes(node.name));
    if (rule && !found.has(node.name)) found.set(node.name, `${file}:${lineAt(text, node.start)}: ${node.name}: say ${rule.now}`);
    if (hasOwnTemp(node)) found.set("temp", `${file}:${lineAt(text, node.start)}: temp: say remember, but for the claim`);
  }
  return [...found.values()];
}

/** Whether a type has a member `temp` and is not the type of a token's claims, which also has `sid`. */
function hasOwnTemp({ type, body, members }) {
  if (!/^(TSInterfaceBody|TSTypeLiteral|ClassBody)$/.test(type)) return false;
  const names = (members ?? body).map(({ key }) => key?.name);
  return names.includes("temp") && !names.includes("sid");
}

function wordsIn(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      const rule = WORDS.find(({ word, within = /./ }) => within.test(file) && word.test(line));
      return rule ? [`${file}:${index + 1}: "${rule.word.exec(line)[0]}": say ${rule.now}`] : [];
    });
}

/** Missing files that a comment or a page about the code names, by path, partial path or file name. */
function filesNamedIn(file) {
  const besidesProse = file.endsWith(".md") ? /^```[\s\S]+?^```/gm : /^(?!\s*(\*|\/[/*])).+$/gm;
  const prose = readFileSync(file, "utf8").replace(besidesProse, "");
  const named = [...prose.matchAll(/(?<![\w./@-])[\w./-]+\.(?:ts|mjs|json)\b/g)].map(([path]) => path.replace(/^(\.\.?\/)+/, ""));
  return [...new Set(named)]
    .filter((path) => !tracked.some((other) => `/${other}`.endsWith(`/${path}`)))
    .map((path) => `${file}: there is no ${path}`);
}

function lineAt(text, offset) {
  return text.slice(0, offset).split("\n").length;
}
