/** The check of the documentation's pages finds what is wrong with them. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// Git and linters leave this folder alone.
const FOLDER = ".vitest/pages";
beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  await promisify(execFile)("node", ["scripts/build.mjs", "--if-needed"]);
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** A block of a page. */
const block = (info: string, code: string) => `\`\`\`${info}\n${code}\n\`\`\`\n`;

/** What the check says of a page, and whether it passes. */
async function check(name: string, ...blocks: string[]): Promise<{ ok: boolean; said: string }> {
  const page = `${FOLDER}/${name}.md`;
  writeFileSync(page, `# ${name}\n\n${blocks.join("\n")}`);
  const options = { env: { ...process.env, PAGES_FOLDER: `${FOLDER}/${name}` } };
  return promisify(execFile)("node", ["scripts/check-pages.mjs", page], options).then(
    ({ stdout }) => ({ ok: true, said: stdout }),
    ({ stdout, stderr }) => ({ ok: false, said: `${stdout}${stderr}` }),
  );
}

describe("links", () => {
  it("to a page and to a heading that are there pass, and code is no link", async () => {
    const { ok } = await check(
      "good-links",
      "## A `heading` (of two)\n\n[a](../../README.md#promises), [b](#a-heading-of-two), `[c](nowhere.md)`\n",
    );
    expect(ok).toBe(true);
  });

  it("to a page or a heading that is not there fail, with their line", async () => {
    const { ok, said } = await check("bad-links", "[a](nowhere.md)\n\n[b](../../README.md#nowhere) [c](#here)\n");
    expect(ok).toBe(false);
    for (const fault of [
      ":3: there is no nowhere.md",
      ":5: there is no heading ../../README.md#nowhere",
      ":5: there is no heading #here",
    ])
      expect(said).toContain(fault);
  });
});

describe("code", () => {
  it("that does not type-check fails, with its line on the page", async () => {
    const wrong = 'import { createSessions } from "web-session-store";\n\ncreateSessions({ secret: "x" });';
    const { ok, said } = await check("wrong-code", "Text.\n", block("ts", wrong));
    expect(ok).toBe(false);
    expect(said).toMatch(/wrong-code\.md:8: error TS\d+: .*'secret'/);
  });

  it("is checked as its platform's, and knows what the page imported before", async () => {
    const worker =
      'import { env } from "cloudflare:workers";\nimport { kv } from "web-session-store/stores/kv";\n\nkv(env.SESSIONS_KV);';
    expect(await check("platforms", block("ts", worker), block("ts", "kv(env.SESSIONS_KV);"))).toMatchObject({ ok: true });
    const { said } = await check("other-platform", block("ts", `${worker}\ndocument.title;`));
    expect(said).toMatch(/Cannot find name 'document'/);
  });

  it("that is a file of this repository is that file", async () => {
    const text = readFileSync("examples/fetch.ts", "utf8").replace(/\n$/, "");
    expect(await check("shown", block("typescript examples/fetch.ts", text))).toMatchObject({ ok: true });
    for (const [name, other] of [
      ["fetch.ts", text.replace("import", "import ")],
      ["nowhere.ts", text],
    ]) {
      const { ok, said } = await check("shown-wrong", "Text.\n", block(`typescript examples/${name}`, other as string));
      expect(ok).toBe(false);
      expect(said).toContain(`shown-wrong.md:5: this is not what examples/${name} says`);
    }
  });

  it("in a file of the page can be imported by the next", async () => {
    const blocks = [
      block("ts one.ts", "export const one = 1;"),
      block("ts", 'import { one } from "./one.ts";\n\nconst two: string = one;'),
    ];
    const { said } = await check("files", ...blocks);
    expect(said.match(/error/g)).toHaveLength(1);
    expect(said).toContain("not assignable to type 'string'");
  });
});

describe("programs", () => {
  const server = `import { createServer } from "node:http";
createServer((request, response) => response.end(request.headers.cookie ?? "none")).listen(3000);`;

  it("that do what the page shows pass; others fail, with what they print", async () => {
    const blocks = [block("js server.js", server), block("sh start", "node server.js")];
    const shown = (cookie: string) => block("console", `$ curl -b a=b http://localhost:3000/\n${cookie}`);
    expect(await check("server", ...blocks, shown("a=b"))).toMatchObject({ ok: true });
    const { ok, said } = await check("wrong-server", ...blocks, shown("a=c"));
    expect(ok).toBe(false);
    expect(said).toMatch(/should print: a=c\n +prints: a=b/);
  });

  it("that do not start, or fail, fail with what they say", async () => {
    const { said } = await check("no-server", block("sh start", "echo no >&2; exit 3"));
    expect(said).toContain("does not serve: echo no");
    const failing = await check("failing", block("sh run", "echo why >&2; false"));
    expect(failing.said).toMatch(/failed: echo why[\s\S]+\nwhy\n/);
  });

  it('that print anything pass where "..." stands, and nowhere else', async () => {
    const printing = (text: string) => block("console", `$ printf 'one\\ntwo\\nthree\\n'\n${text}`);
    for (const text of ["one\n...\nthree", "...", "o...e\nt...o\nthree"])
      expect(await check("dots", printing(text)), text).toMatchObject({ ok: true });
    for (const text of ["one\ntwo", "one\n...\nfour"])
      expect(await check("no-dots", printing(text)), text).toMatchObject({ ok: false });
  });
});
