/** Deno's own KV: the store contract, and the example, started as its first lines say. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { startServer } from "../support/server.ts";

const EXAMPLES = "examples";
const FILE = "deno-kv.ts";
const folder = mkdtempSync(join(tmpdir(), "deno-kv-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ["in memory", ":memory:"],
  ["in a file", join(folder, "contract.db")],
])("Deno KV %s keeps the store contract in Deno", async (_where, path) => {
  const args = ["run", "-A", "--unstable-kv", "test/deno-kv/contract.ts", path];
  const { stdout } = await promisify(execFile)("deno", args);
  expect(stdout).toMatch(/^\d{3} cases, 0 failures\n$/);
});

it("what Deno says of its KV in types is what the store takes", async () => {
  const file = join(folder, "types.ts");
  const entry = JSON.stringify(resolve("src/stores/deno-kv/index.ts"));
  writeFileSync(file, `import { denoKv } from ${entry};\nexport const store = denoKv(await Deno.openKv());\n`);
  await expect(promisify(execFile)("deno", ["check", "--unstable-kv", file])).resolves.toBeDefined();
  writeFileSync(file, `import { denoKv } from ${entry};\nexport const store = denoKv(Deno.openKv());\n`);
  await expect(promisify(execFile)("deno", ["check", "--unstable-kv", file])).rejects.toThrow("DenoKv");
});

it("the example counts each visitor's views, also after a restart", async () => {
  const command =
    / (deno run .+?\.ts)$/m.exec(readFileSync(join(EXAMPLES, FILE), "utf8").split("import")[0] ?? "")?.[1]?.split(" ") ?? [];
  expect(command.at(-1)).toBe(FILE);
  const env = { SESSION_SECRET: SECRET, DENO_KV: join(folder, "example.db") };
  const first = await startServer(() => command, env, EXAMPLES);
  const browser = new Browser(first.serve);
  const views = async (visitor: Browser) => (await visitor.visit("/")).text();
  expect([await views(browser), await views(browser)]).toEqual(["1 views\n", "2 views\n"]);
  expect(await views(new Browser(first.serve))).toBe("1 views\n");
  await first.stop();
  const second = await startServer(() => command, env, EXAMPLES);
  const again = new Browser(second.serve);
  for (const [name, held] of browser.cookies) again.cookies.set(name, held);
  expect(await views(again)).toBe("3 views\n");
  await second.stop();
});
