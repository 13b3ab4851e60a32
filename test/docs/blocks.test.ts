/** Every TypeScript block of the README and of docs/ compiles against the built library, and every link leads somewhere. */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";

// In this folder the blocks find the library by its package name, as an application does.
const FOLDER = ".blocks";
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

const pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ...globSync("docs/**/*.md")];
// The reference shows signatures, made from the types; the page about stores is one program, which a test of its own runs.
const withCode = pages.filter((page) => page !== "docs/reference.md" && page !== "docs/writing-a-store.md");

/** The blocks of a page, each with the line it begins at, so that the compiler's complaint leads there. */
function blocksOf(page: string): { name: string; code: string }[] {
  const text = readFileSync(page, "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(({ 1: code = "", index }) => {
    const line = text.slice(0, index).split("\n").length;
    return { name: `${page.replaceAll("/", "__")}-line-${line}.ts`, code };
  });
}

// An example may leave a name unused: it shows how a thing is made.
const compilerOptions = { rootDir: "..", noUnusedLocals: false, noUnusedParameters: false };

function complaints(): string {
  try {
    execFileSync("tsc", ["-p", FOLDER], { encoding: "utf8", stdio: "pipe" });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

it("every block compiles", { timeout: 60_000 }, () => {
  mkdirSync(FOLDER, { recursive: true });
  const blocks = withCode.flatMap(blocksOf);
  const files = ["../test/docs/surroundings.d.ts", ...blocks.map(({ name }) => name)];
  writeFileSync(
    `${FOLDER}/tsconfig.json`,
    JSON.stringify({ extends: "../examples/tsconfig.json", compilerOptions, files, include: [] }),
  );
  // `export {}`: each is a module, so that two may use a name.
  for (const { name, code } of blocks) writeFileSync(join(FOLDER, name), `${code}\nexport {};\n`);
  expect(blocks.length).toBeGreaterThan(20);
  expect(complaints()).toBe("");
});

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsOf(page: string): string[] {
  return [...readFileSync(page, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

it.each(pages)("the links of %s lead to a file and a heading that are there", (page) => {
  const text = readFileSync(page, "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
    });
  expect(broken).toEqual([]);
});
