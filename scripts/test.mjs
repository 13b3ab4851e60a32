// npm test: sets up what the tests need, runs all checks and tests, even after a failure, and prints the
// results. Arguments limit it to stages, such as test:browser. With --no-install it installs nothing.
// With CI set, everything must be available. Otherwise it names what is missing and skips what needs it.
import { parseArgs } from "node:util";
import { testsThatNeed } from "./testing/left-out.mjs";
import { NEEDS } from "./testing/needs.mjs";
import { setUp } from "./testing/set-up.mjs";
import { isLeft, runStage, STAGES } from "./testing/stages.mjs";

const inCi = !["", "false", "0"].includes(process.env.CI ?? "");
const options = { install: { type: "boolean", default: true } };
const { values, positionals } = parseArgs({ options, allowNegative: true, allowPositionals: true });
for (const name of positionals) {
  if (!STAGES.includes(name))
    throw new Error(`There is no stage ${name}. For a file of tests: npx vitest run --project node FILE`);
}

const begun = performance.now();
const missing = setUp(NEEDS, values).map(({ files = [], scripts = [], runtimes = [], ...need }) => {
  return { ...need, scripts, runtimes, files: testsThatNeed(files) };
});
const allOf = (key) => [...new Set(missing.flatMap((need) => need[key]))];
const leftOut = { scripts: allOf("scripts"), runtimes: allOf("runtimes"), files: allOf("files") };
const stages = STAGES.filter((name) => isLeft(name, leftOut) && (positionals.length === 0 || positionals.includes(name)));
const nothing = { passed: 0, failed: 0, skipped: 0 };
const rows = [{ script: "set-up", ...nothing, minutes: (performance.now() - begun) / 60_000 }];
for (const script of stages) {
  console.log(`\n=== npm run ${script}`);
  rows.push(runStage(script, leftOut));
}
report();

function report() {
  // .ci/run passes on how long npm ci took.
  const installed = process.env.NPM_CI_SECONDS;
  if (installed !== undefined) rows.unshift({ script: "npm ci", ...nothing, minutes: installed / 60 });
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  console.log(`\n${"stage".padEnd(16)}${["passed", "failed", "minutes"].map((title) => title.padStart(9)).join("")}`);
  for (const row of [...rows, { script: "together", passed: sum("passed"), failed: sum("failed"), minutes: sum("minutes") }]) {
    const numbers = [row.passed, row.failed, row.minutes.toFixed(1)];
    console.log(row.script.padEnd(16) + numbers.map((number) => String(number).padStart(9)).join(""));
  }
  if (missing.length > 0) console.log(inCi ? "\nFailed, because it could not be set up:" : "\nNot run, because it is not here:");
  for (const need of missing) console.log(`  ${need.name}, for ${whatNeeds(need)}. To get it: ${need.way}`);
  const failed = sum("failed") + (inCi ? missing.length : 0);
  const skipped = sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : "";
  console.log(`\n${sum("passed")} passed, ${failed} failed${skipped}`);
  process.exitCode = failed === 0 && sum("passed") > 0 ? 0 : 1;
}

function whatNeeds({ scripts, runtimes, files }) {
  const tests = files.length > 0 ? [`${files.length} file${files.length === 1 ? "" : "s"} of tests`] : [];
  return [...scripts.map((script) => `npm run ${script}`), ...runtimes, ...tests].join(" and ");
}
