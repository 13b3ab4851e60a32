/** The README's first program does what the README says. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";

// In this folder the program finds the library by its package name, as an application does.
const FOLDER = ".readme";
const readme = readFileSync("README.md", "utf8");
const program = /```ts\n([\s\S]+?)```/.exec(readme)?.[1] ?? "";

let server: Server | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

it("the first program ends by line 20 of the README", () => {
  const end = readme.slice(0, readme.indexOf(program) + program.length).split("\n").length;
  expect(end).toBeLessThanOrEqual(20);
});

it("the first program says 2 views to the second request, and sets the cookie that the README shows", async () => {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}/server.ts`, program);
  const command = ["serve", "--host", "127.0.0.1", "--allow-env"];
  server = await startServer((port) => ["deno", ...command, "--port", String(port), `${FOLDER}/server.ts`], {
    SESSION_SECRET: SECRET,
  });
  const browser = new Browser(server.serve);
  const [line = ""] = (await browser.visit("/")).headers.getSetCookie();
  expect(await (await browser.visit("/")).text()).toBe("2 views\n");
  const shown = /^Set-Cookie: (.+)$/m.exec(readme)?.[1] ?? "";
  const [start = "", end = ""] = shown.split("...");
  expect(start).toMatch(new RegExp(`^${VISITOR_COOKIE}=eyJ`));
  expect(line.startsWith(start)).toBe(true);
  expect(line.endsWith(end)).toBe(true);
});

it("the README has fewer than 250 lines, and names every option", () => {
  expect(readme.split("\n").length).toBeLessThan(250);
  const source = readFileSync("src/manager/options.ts", "utf8");
  const bodyOf = (name: string) => new RegExp(`export interface ${name}<[^{]*\\{\n([\\s\\S]+?)\n\\}`).exec(source)?.[1] ?? "";
  const options = ["CommonOptions", "StoredOptions", "CookieSessionOptions"].map(bodyOf).join("\n");
  const names = [...new Set([...options.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name]) => name))];
  const documented = [...readme.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(documented.sort()).toEqual(names.sort());
});

it("the code of the reading order is less than 600 lines", () => {
  const order = /## Reading order([\s\S]+?)Then/.exec(readFileSync("docs/architecture.md", "utf8"))?.[1] ?? "";
  const files = [...order.matchAll(/\(\.\.\/([^)]+\.ts)\)/g)].map(([, file]) => file as string);
  expect(files).toHaveLength(5);
  const lines = (file: string) => readFileSync(file, "utf8").trimEnd().split("\n").length;
  expect(files.reduce((sum, file) => sum + lines(file), 0)).toBeLessThan(600);
});
