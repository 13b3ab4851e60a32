/** The store in docs/writing-a-store.md keeps the whole contract, and the page's test finds one that does not. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionStore } from "../../src/stored/contract.ts";
import { storeContract } from "../../src/testing/index.ts";

// Git and linters leave this folder alone. That the code type-checks, and does what the page shows, npm run check:docs says.
const FOLDER = ".vitest/writing-a-store";
const page = readFileSync("docs/writing-a-store.md", "utf8");
const files = new Map(
  [...page.matchAll(/```ts (\S+)\n([\s\S]+?)```/g)].map(([, name, code]) => [name as string, code as string]),
);
const store = files.get("store.ts") ?? "";

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, { default: string }> };

/** The page's code reaches the library by its sources, so that nothing has to be built. */
function write(name: string, code: string): void {
  const sources = code.replace(/"web-session-store([\w/-]*)"/g, (_whole, entry: string) => {
    const built = exports[`.${entry}`]?.default ?? `an entry ${entry}`;
    return `"${built.replace("./dist/", "../../src/").replace(/\.js$/, ".ts")}"`;
  });
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
  for (const [name, code] of files) write(name, code);
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

describe("docs/writing-a-store.md", () => {
  it("has the store, and a test of it", () => {
    expect([...files.keys()]).toEqual(["store.ts", "contract.test.ts"]);
  });

  it("runs all of the contract", async () => {
    const said = await run("node", "--test-reporter=tap", "contract.test.ts");
    expect(said).toMatch(/\n# fail 0\n/);
    expect(said).toContain(`\n# pass ${storeContract(unused).length}\n`);
  });

  it("finds a store that breaks the contract", async () => {
    write("store.ts", store.replace('return { ok: false, why: "gone" };', "return { ok: true, version: 1 };"));
    const said = await run("node", "--test-reporter=tap", "contract.test.ts");
    expect(said).toMatch(/\nnot ok \d+ - update: changes a record, and returns gone if there is none/);
    expect(said).toMatch(/\n# fail [1-9]\d*\n/);
  });
});

describe("docs/writing-a-store.md, with one line changed,", () => {
  it.each([
    [
      "a clock of its own",
      "return endsAt > now ? row",
      "return endsAt > Date.now() / 1000 ? row",
      "touch does not revive a record",
    ],
    ["a seenAt that goes backwards", "Math.max(record.seenAt, now)", "now", "touch never moves seenAt backwards"],
  ])("%s: fails the contract", async (_what, line, changed, caughtBy) => {
    expect(store).toContain(line);
    write("store.ts", store.replace(line, changed));
    expect(await run("node", "--test-reporter=tap", "contract.test.ts")).toMatch(new RegExp(`\\nnot ok \\d+ - ${caughtBy}`));
  });
});

function unused(): SessionStore {
  throw new Error("Cannot run a case here");
}
