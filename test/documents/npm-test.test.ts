/** npm test: what is set up, what is left out where it cannot be had, and what is counted. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

interface Need {
  readonly name: string;
  readonly program: string;
  readonly debian?: string[];
  readonly setUp?: string;
  readonly files?: string[];
}

// Scripts have no types.
const load = (file: string) => import(resolve("scripts/testing", file));
const { NEEDS } = (await load("needs.mjs")) as { NEEDS: Need[] };
const { setUp } = (await load("set-up.mjs")) as {
  setUp(needs: Need[], options: { install: boolean }): (Need & { way: string })[];
};
const { testsThatNeed } = (await load("left-out.mjs")) as { testsThatNeed(files: string[]): string[] };

const folder = mkdtempSync(join(tmpdir(), "npm-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("what tests need", () => {
  it.each(NEEDS.map((need) => [need.name, need] as const))(
    "%s: there is a way to get it, and tests that need it",
    (_name, need) => {
      expect(need.debian ?? need.setUp).toBeDefined();
      for (const file of need.files ?? []) expect(testsThatNeed([file]), file).not.toEqual([]);
    },
  );

  it("is found by what tests import, also through other files", () => {
    const tests = testsThatNeed(["test/support/redis-server.ts"]);
    for (const file of ["test/stores/redis.test.ts", "test/stores/connect.test.ts", "test/koa/stores.test.ts"])
      expect(tests).toContain(file);
    expect(tests).not.toContain("test/stores/memory.test.ts");
    expect(testsThatNeed(["test/support/free-port.ts"])).toContain("test/stores/redis.test.ts");
  });
});

describe("setting up", () => {
  const made = join(folder, "made");
  const said: unknown[] = [];
  beforeAll(() => void vi.spyOn(console, "log").mockImplementation((text) => said.push(text)));
  afterAll(() => vi.restoreAllMocks());
  const need = (program: string, rest: Partial<Need>): Need => ({ name: "a server", program, ...rest });

  it("leaves alone what is there, and names the way to what is not", () => {
    const needs = [need("node", { debian: ["nodejs"] }), need("no-such-server", { debian: ["some-server", "some-tools"] })];
    expect(setUp(needs, { install: false })).toMatchObject([
      { program: "no-such-server", way: "apt-get install some-server some-tools" },
    ]);
  });

  it("runs the command of what no package brings, when it may install", () => {
    const needs = [need(`${folder}/m*`, { setUp: `touch ${made}` })];
    expect(setUp(needs, { install: false })).toMatchObject([{ way: `touch ${made}` }]);
    expect(existsSync(made)).toBe(false);
    expect(setUp(needs, { install: true })).toEqual([]);
    expect(said).toEqual([`Setting up a server: touch ${made}`]);
    expect(existsSync(made)).toBe(true);
  });

  it("names what its command could not bring", () => {
    expect(setUp([need(`${folder}/other`, { setUp: "false" })], { install: true })).toMatchObject([{ way: "false" }]);
  });
});

describe("running", () => {
  // A machine on which there is nothing but Node and npm.
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const program of ["node", "npm", "sh"]) symlinkSync(pathOf(program), join(bin, program));

  /** Runs npm test in a project that has these scripts. */
  function run(scripts: Record<string, string>, { env = {}, args = [] as string[] } = {}) {
    const check = "npm run check:arrows && npm run check:house";
    writeFileSync(join(folder, "package.json"), JSON.stringify({ scripts: { check, ...scripts } }));
    const options = { cwd: folder, encoding: "utf8", env: { PATH: bin, HOME: folder, ...env } } as const;
    const { status, stdout, stderr } = spawnSync("node", [resolve("scripts/test.mjs"), "--no-install", ...args], options);
    return { status, stderr, last: stdout.trim().split("\n").at(-1), stdout };
  }

  /** What vitest does, as far as npm test sees it. */
  function suite(counts: object, status: number): string {
    const file = join(folder, `suite-${status}.mjs`);
    writeFileSync(
      file,
      `import { mkdirSync, writeFileSync } from "node:fs";
      const results = process.argv.find((arg) => arg.startsWith("--outputFile.json=")).split("=")[1];
      mkdirSync(".vitest", { recursive: true });
      writeFileSync(results, ${JSON.stringify(JSON.stringify(counts))});
      process.exit(${status});`,
    );
    return `node ${file}`;
  }

  const PASSED = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] as object[] };
  const ALL = { "check:arrows": "node -e 0", "check:house": "node -e 0", "test:runtimes": "node -e 0" };

  it("counts each check as one and each test, and names what it did not run and how to get it", () => {
    const { status, last, stdout, stderr } = run({ ...ALL, "test:suite": suite(PASSED, 0) });
    expect([last, status, stderr]).toEqual(["9 passed, 0 failed", 0, ""]);
    expect(stdout).toContain("  Git, for npm run check:house. To get it: apt-get install git\n");
    expect(stdout).not.toContain("=== npm run check:house");
  });

  it("runs everything after a failure, and fails", () => {
    const unloaded = { status: "failed", assertionResults: [] };
    const counted = { status: "failed", assertionResults: [{ status: "passed" }, { status: "failed" }] };
    const counts = { ...PASSED, numFailedTests: 2, numPendingTests: 1, testResults: [unloaded, counted] };
    const { status, last } = run({ ...ALL, "check:arrows": "node -e 'process.exit(1)'", "test:suite": suite(counts, 1) });
    expect([last, status]).toEqual(["8 passed, 4 failed, 1 skipped", 1]);
  });

  it.each([
    ["fails outside of its tests", () => suite(PASSED, 1), "9 passed, 1 failed"],
    ["ends before it counts", () => "node -e 0", "2 passed, 1 failed"],
  ])("counts a suite as failed that %s", (_what, script, expected) => {
    const { status, last } = run({ ...ALL, "test:suite": script() });
    expect([last, status]).toEqual([expected, 1]);
  });

  it("fails in CI for everything that is not there", () => {
    const env = { CI: "true", NPM_CI_SECONDS: "90" };
    const { status, last, stdout } = run({ ...ALL, "test:suite": suite(PASSED, 0) }, { env });
    expect(last).toMatch(/^9 passed, [1-9]\d* failed$/);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^npm ci +0 +0 +1\.5$/m);
    expect(stdout).toContain("Failed, because it could not be set up:\n  Git, ");
  });

  it("runs single stages, and refuses what is none", () => {
    expect(run(ALL, { args: ["check:arrows"] })).toMatchObject({ last: "1 passed, 0 failed", status: 0 });
    expect(run(ALL, { args: ["check:arows"] })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("There is no stage"),
    });
  });

  function pathOf(program: string): string {
    const folders = (process.env.PATH ?? "").split(delimiter);
    return folders.map((one) => join(one, program)).find((path) => existsSync(path)) ?? program;
  }
});
