// Fails if an entry's export has no doc comment, or refers to a type that no entry exports. Uses
// `deno doc --lint`. scripts/other-apis.json lists exceptions, which are other packages' APIs.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const sources = Object.values(exports)
  .filter((target) => typeof target === "object")
  .map((target) => target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"));
// Types of the packages that these entries are for, and the interface between a store and its SessionObject.
const FOREIGN = /references private type '(Context|MiddlewareHandler|DurableObject)'|^public type 'SessionObject\b/;
// Opaque values that an application only passes on: SessionCrypto, stores, features, fetched secrets.
const OPAQUE = /references private type '(PRIMITIVES|BackedStore|Feature)'|^public type 'FetchedSecrets\["~fetch"\]'/;

const found = faults(lint());
const known = JSON.parse(readFileSync("scripts/other-apis.json", "utf8"));
const fresh = found.filter((fault) => !known.includes(fault));
const closed = known.filter((fault) => !found.includes(fault));
for (const fault of fresh) console.log(`docs: ${fault}`);
for (const fault of closed) console.log(`docs: take this out of scripts/other-apis.json, it is not found any more: ${fault}`);
if (fresh.length + closed.length > 0) process.exit(1);
console.log("docs: every export is documented");

function lint() {
  try {
    const options = { encoding: "utf8", stdio: "pipe", env: { ...process.env, NO_COLOR: "1" } };
    execFileSync("deno", ["doc", "--lint", ...sources], options);
    return "";
  } catch (error) {
    if (!/Found \d+ documentation lint error/.test(error.stderr)) throw error;
    return error.stderr;
  }
}

/**
 * One line per fault: file, code and message. Line numbers are omitted because they change. tsc checks return types.
 */
function faults(report) {
  const pattern = /^error\[([\w-]+)\]: (.+)\n *--> (\S+?):\d+:\d+\n.*\n *\d+ \| *(.*)$/gm;
  const all = [...report.matchAll(pattern)]
    .filter(([, rule, message]) => !(FOREIGN.test(message) || OPAQUE.test(message) || rule === "missing-return-type"))
    .map(([, rule, message, file, code]) => {
      const what = rule === "missing-jsdoc" ? "no doc comment" : message;
      return `${relative(".", file)}: ${code.trim()}: ${what}`;
    });
  if (all.length === 0 && report !== "" && !FOREIGN.test(report)) throw new Error(`Cannot read the report:\n${report}`);
  return [...new Set(all)].sort();
}
