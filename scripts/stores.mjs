// Writes the tables of stores in README.md and docs/choosing-a-store.md, between their
// markers, from scripts/stores/entries.mjs and from what the stores declare, which the
// contract tests. With --check, fails if a file is out of date. Reads dist/.
import { readFileSync, writeFileSync } from "node:fs";
import { STORES } from "./stores/entries.mjs";

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
/** Entries in stores/ that are not stores: the class of a Durable Object, and defineStore. */
const NO_STORES = ["session-object", "define"];
const COOKIE_LIMIT = "about 2.7 KB of data";

const checking = process.argv.includes("--check");
const problems = [...missing(), ...STORES.flatMap(faultsOf)];
const stores = problems.length > 0 ? [] : STORES.map(described);
for (const [file, name, table] of problems.length > 0
  ? []
  : [
      ["README.md", "stores", readmeTable()],
      ["docs/choosing-a-store.md", "promises", promisesTable()],
    ]) {
  const before = readFileSync(file, "utf8");
  const after = before.replace(between(name), (_all, start, end) => `${start}\n${table}\n${end}`);
  if (!between(name).test(before)) problems.push(`${file} has no markers of the table "${name}"`);
  else if (!checking) writeFileSync(file, after);
  else if (after !== before) problems.push(`the table "${name}" of ${file} is not what the stores say; run: npm run docs:stores`);
}
for (const problem of problems) console.log(`stores: ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);

function between(name) {
  return new RegExp(`(<!-- table: ${name} .*?-->)[\\s\\S]*?(<!-- end of table -->)`);
}

/** Stores that have an entry in the package but no table row. */
function missing() {
  const names = Object.keys(exports).flatMap((name) => (name.startsWith("./stores/") ? [name.slice("./stores/".length)] : []));
  const known = new Set([...NO_STORES, ...STORES.map(({ from }) => from)]);
  return names.filter((name) => !known.has(name)).map((name) => `scripts/stores/entries.mjs has no entry for stores/${name}`);
}

/** Differences between an entry here and its store. */
function faultsOf({ call, from, contract, ends, make }) {
  const name = nameOf(call);
  const { guarantees, dataOnly = false } = make();
  const test = contract === undefined ? "" : readFileSync(contract, "utf8");
  const isTested = test.includes("storeContract(") && test.includes(`${name}(`);
  return [
    ...(exports[`./stores/${from}`] === undefined ? [`the package has no entry stores/${from}`] : []),
    ...(isTested || dataOnly ? [] : [`no test runs the contract on ${name}(): ${contract}`]),
    ...(guarantees.immediate === (ends === undefined)
      ? []
      : [`${name}() is ${guarantees.immediate ? "" : "not "}immediate: see its "ends"`]),
  ];
}

function described({ make, ...entry }) {
  const { guarantees, list, watch } = make();
  const { atomic, immediate, marks = true } = guarantees;
  return {
    ...entry,
    name: nameOf(entry.call),
    atomic,
    immediate,
    marks,
    lists: list !== undefined,
    watches: watch !== undefined,
  };
}

function nameOf(call) {
  return call.slice(0, call.indexOf("("));
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** A row for the cells that stores have in common. Stores with the same cells share it. */
function rowsOf(cellsOf, folder) {
  const rows = new Map();
  for (const store of stores) {
    const cells = cellsOf(store);
    const key = cells.join(" | ");
    rows.set(key, { cells, names: [...(rows.get(key)?.names ?? []), linked(store, folder)] });
  }
  return [...rows.values()].map(({ names, cells }) => [names.join(", "), ...cells]);
}

function readmeTable() {
  const head = ["store", "survives a restart", "can be revoked", "parallel requests", "limit"];
  const cookie = [
    "none: in the cookie",
    "yes",
    "no, and a slow request may bring a session back",
    "the last one wins",
    COOKIE_LIMIT,
  ];
  const rows = rowsOf(({ survives, atomic, watches, ends, limit }) => {
    const revoked = ends ?? `at once${watches ? ", and open pages are told" : ""}`;
    return [survives, revoked, atomic ? "no update is lost" : "the last one wins", limit ?? ""];
  }, "docs/");
  const own = [
    "[a store of your own](docs/writing-a-store.md), by `defineStore()`",
    "up to you",
    "up to you",
    "as the store declares",
    "",
  ];
  return table(head, [cookie, ...rows, own]);
}

function promisesTable() {
  const head = ["", "lost updates", "a logout holds", "list and end all", "grace for old ids", "survives a restart"];
  const cookie = ["none: in the cookie", "possible", "no", "no", "no", "yes"];
  const rows = rowsOf(({ atomic, immediate, ends = "at once", lists, marks, survives }) => {
    const listing = !lists ? "no" : immediate ? "yes" : "yes, as late";
    return [atomic ? "none" : "possible", ends, listing, yes(marks), survives];
  }, "");
  return table(head, [cookie, ...rows]);
}

function linked({ name, page }, folder) {
  return page === undefined ? `\`${name}()\`` : `[\`${name}()\`](${folder}${page})`;
}

function yes(holds) {
  return holds ? "yes" : "no";
}
