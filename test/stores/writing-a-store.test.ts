/** The store in docs/writing-a-store.md type-checks and keeps the contract, and so do the programs there that try it. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionStore } from "../../src/stores/store.ts";
import { storeContract } from "../../src/testing.ts";

// Git and linters leave this folder alone.
const FOLDER = ".vitest/writing-a-store";
const page = readFileSync("docs/writing-a-store.md", "utf8");
const blocks = [...page.matchAll(/```ts\n([\s\S]+?)```/g)].map(([, code]) => code as string);
const [store = "", vitest = "", nodeTest = "", noRunner = ""] = blocks;

/** The page's code reaches the library by its sources, so that nothing has to be built. */
function write(name: string, code: string): void {
  const sources = code
    .replace('"web-session-store/testing"', '"../../src/testing.ts"')
    .replace('"web-session-store"', '"../../src/index.ts"');
  writeFileSync(`${FOLDER}/${name}`, sources);
}

/** What a program says, whether it succeeds or not. */
async function run(program: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { cwd: FOLDER })).stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as { message: string; stdout?: string; stderr?: string };
    return stdout || stderr || message;
  }
}

beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  write("store.ts", store);
  write("vitest.ts", vitest);
  write("node-test.ts", nodeTest);
  write("no-runner.ts", noRunner);
  const options = { noEmit: true, rootDir: "../..", allowImportingTsExtensions: true, types: ["node"], skipLibCheck: true };
  const config = {
    extends: "../../tsconfig.json",
    compilerOptions: { ...options, isolatedDeclarations: false },
    include: ["*.ts"],
  };
  writeFileSync(`${FOLDER}/tsconfig.json`, JSON.stringify(config));
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

describe("docs/writing-a-store.md", () => {
  it("has the store and three ways to try it", () => {
    expect(blocks).toHaveLength(4);
  });

  it("has code that type-checks", async () => {
    const check = () => run("../../node_modules/.bin/tsc", "-p", ".");
    expect(await check()).toBe("");
    write("wrong.ts", `${store}\nexport const wrong: number = rowStore();`);
    expect(await check()).toContain("wrong.ts");
    rmSync(`${FOLDER}/wrong.ts`);
  });

  it("runs the contract with node:test", async () => {
    const said = await run("node", "--test-reporter=tap", "node-test.ts");
    expect(said).toMatch(/\n# fail 0\n/);
    expect(said).toContain(`\n# pass ${storeContract(unused).length}\n`);
  });

  it("runs the contract without a runner", async () => {
    expect(await run("node", "no-runner.ts")).toBe("The store keeps the contract.\n");
  });

  it("finds a store that breaks the contract, without a runner", async () => {
    write("store.ts", store.replace('return { ok: false, why: "gone" };', "return { ok: true, version: 1 };"));
    expect(await run("node", "no-runner.ts")).toMatch(/FAILED an unknown id cannot be changed.+\n(.*\n)*\d+ cases failed\.\n$/);
    write("store.ts", store);
  });
});

function unused(): SessionStore {
  throw new Error("Cannot run a case here");
}
