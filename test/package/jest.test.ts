/** The packed package in Jest, with each of the settings that docs/migrating.md shows. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Project } from "./installed.ts";

const FOLDER = "test/jest";
const project = new Project("commonjs");
beforeAll(async () => {
  execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
  if (!existsSync(`${FOLDER}/node_modules`))
    execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], { cwd: FOLDER });
  await project.install();
  for (const name of ["jest", "@babel/preset-env"]) project.link(name, `${FOLDER}/node_modules`);
}, 120_000);
afterAll(() => project.remove());

/** An application's test: a function of require(), several entries, and a request. */
const REQUIRED = `
const session = require("web-session-store/koa");
const { createSessions } = require("web-session-store");
const { memory } = require("web-session-store/stores/memory");
const secrets = "kM0hwq1nPzN4tQp7uW3xZ6cV9bS2dF5g";
test("sessions work", async () => {
  expect([typeof session({ secrets }), typeof session.getSession]).toEqual(["function", "function"]);
  const serve = createSessions({ secrets, store: memory() }).handler((_request, { data }) => {
    data.views = (data.views ?? 0) + 1;
    return new Response(String(data.views));
  });
  const first = await serve(new Request("https://app.example.com/"));
  const headers = { Cookie: first.headers.getSetCookie()[0].split(";")[0] };
  const second = await serve(new Request("https://app.example.com/", { headers }));
  expect([await first.text(), await second.text()]).toEqual(["1", "2"]);
});
`;
const IMPORTED = `
import session, { getSession } from "web-session-store/koa";
import * as all from "web-session-store/koa";
test("import gives the function", () => {
  expect([typeof session({ secrets: "kM0hwq1nPzN4tQp7uW3xZ6cV9bS2dF5g" }), typeof getSession]).toEqual(["function", "function"]);
  expect(all.session).toBe(session);
});
`;

const FENCE = "```";

/** The block of the page that has this file's name. */
function shown(file: string): string {
  const [, after] = readFileSync("docs/migrating.md", "utf8").split(`${FENCE}cjs ${file}\n`);
  if (after === undefined) throw new Error(`docs/migrating.md shows no ${file}`);
  return after.slice(0, after.indexOf(FENCE));
}

const jest = (...options: string[]) => project.output("node", ...options, resolve(FOLDER, "node_modules/jest/bin/jest.js"));

it("runs when a transform makes CommonJS of it", async () => {
  project.write("required.test.js", REQUIRED);
  project.write("imported.test.js", IMPORTED);
  for (const file of ["babel.config.cjs", "jest.config.cjs"]) project.write(file, shown(file));
  expect(await jest()).toMatch(/Tests: +2 passed, 2 total/);
});

it("runs as it is, with Node's modules", async () => {
  project.write("required.test.js", REQUIRED);
  project.write("imported.test.mjs", IMPORTED);
  project.write(
    "jest.config.cjs",
    'module.exports = { testMatch: ["**/required.test.js", "**/imported.test.mjs"], transform: {} };',
  );
  expect(await jest("--experimental-vm-modules")).toMatch(/Tests: +2 passed, 2 total/);
});
