/** The packed package in CommonJS programs: written by hand, compiled by TypeScript, bundled by esbuild. */
import { execFileSync } from "node:child_process";
import { build, transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "./installed.ts";

const project = new Project("commonjs");
beforeAll(async () => {
  execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
  await project.install();
  project.link("@types/node");
});
afterAll(() => project.remove());

/** What a program says of the middleware that it got, and of what else the entry gives. */
const SAYS = "console.log(typeof session, typeof session({ use() {} }, {}), typeof getSession);";
const EXPECTED = "function function function";

/** Every way in which applications get Koa's middleware. */
const WAYS: [string, string][] = [
  ["require()", `const session = require("web-session-store/koa"); const { getSession } = session; ${SAYS}`],
  ["what require() has by name", `const { session, getSession } = require("web-session-store/koa"); ${SAYS}`],
  ["what require() has as default", `const { default: session, getSession } = require("web-session-store/koa"); ${SAYS}`],
  ["import", `import session, { getSession } from "web-session-store/koa"; ${SAYS}`],
  ["import by name", `import { session, getSession } from "web-session-store/koa"; ${SAYS}`],
  ["import of all", `import * as koa from "web-session-store/koa"; const { session, getSession } = koa; ${SAYS}`],
];

/** For either entry. */
const PROGRAMS: [string, string][] = [
  ...WAYS.map(([way, program]): [string, string] => [`web-session-store/koa by ${way}`, program.replace("{ use() {} }, {}", "")]),
  ...WAYS.map(([way, program]): [string, string] => [
    `web-session-store/koa-session by ${way}`,
    program.replace("web-session-store/koa", "web-session-store/koa-session"),
  ]),
];

describe.each(PROGRAMS)("the middleware of %s", (_way, program) => {
  it("is a function when esbuild bundles it", async () => {
    project.write("bundled.js", program);
    for (const format of ["cjs", "esm"] as const) {
      const outfile = `${project.folder}/bundle.${format === "cjs" ? "cjs" : "mjs"}`;
      const options = { bundle: true, platform: "node", format, outfile, logLevel: "error" } as const;
      await build({ entryPoints: [`${project.folder}/bundled.js`], ...options });
      expect(await project.output("node", outfile)).toBe(EXPECTED);
    }
  });

  it("is a function when the program alone is compiled to CommonJS", async () => {
    project.write("compiled.cjs", (await transform(program, { format: "cjs" })).code);
    expect(await project.output("node", "compiled.cjs")).toBe(EXPECTED);
  });
});

it("required and imported in one bundle it is one function, and knows the same sessions", async () => {
  project.write("both.js", 'import one from "web-session-store/koa"; console.log(one === require("web-session-store/koa"));');
  const outfile = `${project.folder}/both.cjs`;
  await build({ entryPoints: [`${project.folder}/both.js`], bundle: true, platform: "node", format: "cjs", outfile });
  expect(await project.output("node", "both.cjs")).toBe("true");
});

it("in Node, too", async () => {
  project.write(
    "both.mjs",
    'import one, { session } from "web-session-store/koa"; import { createRequire } from "node:module";\n'.concat(
      'const two = createRequire(import.meta.url)("web-session-store/koa"); console.log(one === two, session === two.session);',
    ),
  );
  expect(await project.output("node", "both.mjs")).toBe("true true");
});

/** What an application writes in TypeScript: values and types of several entries. */
const APPLICATION = `
import session, { getSession, type KoaSession, type KoaStore } from "web-session-store/koa";
import { createSessions, type Session } from "web-session-store";
import { memory } from "web-session-store/stores/memory";

interface Data { views: number }
const store: KoaStore = memory();
const sessions = createSessions<Data>({ secrets: "kM0hwq1nPzN4tQp7uW3xZ6cV9bS2dF5g", store: memory() });
const middleware = session<Data>({ secrets: "kM0hwq1nPzN4tQp7uW3xZ6cV9bS2dF5g", store });
export const views = (ctx: KoaSession<Data>): number | undefined => ctx.session.views;
export const visitor = (ctx: object): Session<Data> => getSession<Data>(ctx);
console.log(typeof middleware, typeof getSession, typeof sessions.handler);
`;
const KOA_ONLY = `
import session, { getSession, type KoaMiddleware } from "web-session-store/koa";
const middleware: KoaMiddleware<{ views: number }> = session<{ views: number }>();
console.log(typeof middleware, typeof getSession, typeof session.session);
`;
const REQUIRED = `
import session = require("web-session-store/koa");
import core = require("web-session-store");
const middleware: session.KoaMiddleware<{ views: number }> = session<{ views: number }>();
console.log(typeof middleware, typeof session.getSession, typeof core.createSessions);
`;

/** What `tsc` says of a program. */
async function compile(text: string, compilerOptions: Record<string, unknown>): Promise<string> {
  project.write("app.ts", text);
  const options = { target: "es2023", strict: true, types: ["node"], outDir: "out", ...compilerOptions };
  project.write("tsconfig.json", JSON.stringify({ compilerOptions: options, files: ["app.ts"] }));
  return project.output("tsc", "-p", ".");
}

/** The settings that docs/migrating.md names for CommonJS in TypeScript. */
const SETTINGS: [string, Record<string, unknown>][] = [
  ["commonjs", { module: "commonjs" }],
  ["commonjs, resolved as by a bundler", { module: "commonjs", moduleResolution: "bundler" }],
  ["node20", { module: "node20" }],
  ["nodenext", { module: "nodenext" }],
];

describe.each(SETTINGS)("a CommonJS application in TypeScript with module %s", (_name, compilerOptions) => {
  it.each([
    ["import", APPLICATION],
    ["import = require()", REQUIRED],
  ])("compiles and runs: %s", async (_way, text) => {
    expect(await compile(text, compilerOptions)).toBe("");
    expect(await project.output("node", "out/app.js")).toBe(EXPECTED);
  });
});

it("with module node16, which stands for a Node that cannot require() it, TypeScript says TS1479, but for Koa's middleware", async () => {
  expect(await compile(KOA_ONLY, { module: "node16" })).toBe("");
  expect(await project.output("node", "out/app.js")).toBe(EXPECTED);
  expect(await compile(APPLICATION, { module: "node16" })).toMatch(/app\.ts\(\d+,\d+\): error TS1479/);
});

it.each([
  ["node16", { module: "node16" }],
  ["nodenext", { module: "nodenext" }],
  ["preserve", { module: "preserve" }],
  ["esnext, resolved as by a bundler", { module: "esnext", moduleResolution: "bundler" }],
])("an application of ES modules in TypeScript needs no setting: module %s", async (_name, compilerOptions) => {
  project.write("package.json", JSON.stringify({ private: true, type: "module" }));
  try {
    expect(await compile(APPLICATION, compilerOptions)).toBe("");
    expect(await project.output("node", "out/app.js")).toBe(EXPECTED);
  } finally {
    project.write("package.json", JSON.stringify({ private: true, type: "commonjs" }));
  }
});
