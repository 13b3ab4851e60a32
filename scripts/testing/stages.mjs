// The stages of npm test: what each runs, and its results.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";

/**
 * npm scripts that run vitest, which counts tests, with the
 * tests that only they run. Any other script counts as one test.
 */
const SUITES = { "test:suite": undefined, "test:mongodb": "test/mongodb/*.test.ts", "test:browser": "test/browser/*.test.ts" };

const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));

/** The names of npm scripts, in order: each check, then the tests. */
export const STAGES = [
  ...scripts.check.split(" && ").map((command) => command.replace("npm run ", "")),
  ...["test:suite", "test:mongodb", "test:runtimes", "test:browser"],
];

// Keeps Wrangler from sending metrics or fetching data.
const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };

/** Whether the stage has anything left to run. */
export function isLeft(script, { scripts: without, files }) {
  if (without.includes(script)) return false;
  const own = SUITES[script];
  return own === undefined || globSync(own).some((file) => !files.includes(file));
}

/** Runs a stage without certain test files and runtimes. */
export function runStage(script, { files, runtimes }) {
  const begun = performance.now();
  const isSuite = script in SUITES;
  const results = resolve(`.vitest/${script.replace(":", "-")}.json`);
  rmSync(results, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const args = ["run", "--silent", script, ...(isSuite ? ["--", ...reporters] : [])];
  // Vitest's own --exclude does not reach its projects.
  const leftOut = { TESTS_LEFT_OUT: files.join(" "), RUNTIMES_LEFT_OUT: runtimes.join(",") };
  const { status } = spawnSync("npm", args, { stdio: "inherit", env: { ...env, ...leftOut } });
  const counts = isSuite ? countsIn(results) : { passed: Number(status === 0), failed: 0, skipped: 0 };
  // An error outside all files is not counted.
  const failed = Math.max(counts.failed, Number(status !== 0));
  return { script, ...counts, failed, minutes: (performance.now() - begun) / 60_000 };
}

function countsIn(file) {
  try {
    const results = JSON.parse(readFileSync(file, "utf8"));
    const skipped = results.numPendingTests + results.numTodoTests;
    // A file that fails as a whole, for example on load, has no failed test.
    const whole = results.testResults.filter(({ status, assertionResults: tests }) => {
      return status === "failed" && !tests.some((test) => test.status === "failed");
    });
    return { passed: results.numPassedTests, failed: results.numFailedTests + whole.length, skipped };
  } catch {
    // Vitest ended before it wrote its counts.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
