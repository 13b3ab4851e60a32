/** The packed package works where only it is installed: with import, with require(), and with TypeScript. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "./installed.ts";
import { entries } from "./manifest.ts";

const HONO = ["./hono", "./csrf/hono"];
const WORKERS_ONLY = ["./stores/session-object"];
/** jose is an optional peer, like Hono, of these entries alone. */
const JOSE = ["./accept/jose", "./jwt"];
const names = entries.map(({ name }) => name);
const specifiersOf = (wanted: readonly string[]) =>
  entries.filter(({ name }) => wanted.includes(name)).map(({ specifier }) => specifier);
const without = (...unwanted: string[]) => specifiersOf(names.filter((name) => !unwanted.includes(name)));

const project = new Project();
const folder = join(project.folder, "node_modules/web-session-store");
beforeAll(async () => {
  execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
  await project.install();
});
afterAll(() => project.remove());

/** The files that a page of the package links to, as it names them. Code is no link. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(folder, page), "utf8").replaceAll(/^( *)```[\s\S]*?^\1```$|`[^`\n]*`/gm, "");
  return [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/gi)].map(([, path]) => path as string);
}

describe("the packed package", () => {
  it("brings co, and nothing else", () => {
    const installed = readdirSync(join(project.folder, "node_modules")).filter((name) => !name.startsWith("."));
    expect(installed.sort()).toEqual(["co", "web-session-store"]);
  });

  it("holds what was built, its source and its documentation", () => {
    const files = readdirSync(folder).sort();
    const folders = ["bench", "dist", "docs", "examples", "src", "test"];
    const pages = ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "package.json"];
    expect(files).toEqual([...pages, ...folders].sort());
  });

  it("holds every file that one of its pages links to, and no test that its README does not", () => {
    const pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".md"));
    expect(pages.length).toBeGreaterThan(40);
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((path) => !existsSync(join(folder, dirname(page), path)))
        .map((path) => `${page}: ${path}`),
    );
    expect(broken).toEqual([]);
    const links = linksOf("README.md");
    expect(links.length).toBeGreaterThan(20);
    const ofTests = [...new Set(links.filter((path) => path.startsWith("test/")))];
    const inTests = readdirSync(join(folder, "test"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(inTests).toHaveLength(ofTests.length);
  });

  it("leaves out tsconfig.json of the examples, which extends a file of the repository", () => {
    const files = readdirSync(join(folder, "examples"), { recursive: true, encoding: "utf8" });
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((path) => path.endsWith("tsconfig.json"))).toEqual([]);
  });

  it("holds nothing that npm or a run of an example leaves behind", () => {
    const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
    expect(paths.filter((path) => /(^|\/)(\.wrangler|\.env|\.dev\.vars|node_modules)(\/|$)/.test(path))).toEqual([]);
  });

  it.each(["import", "require"])("gives every entry by %s, without Hono and Koa", async (way) => {
    project.write("load.mjs", loading(way, without(...WORKERS_ONLY, ...JOSE)));
    expect((await project.output("node", "load.mjs")).split("\n")).toEqual(
      without(...WORKERS_ONLY, ...JOSE).map((name) => `${name} ok`),
    );
  });

  it("cannot load the Durable Object's class outside of Workers, and says why", async () => {
    project.write("load.mjs", loading("import", specifiersOf(WORKERS_ONLY)));
    expect(await project.output("node", "load.mjs")).toMatch(/cloudflare:/);
  });

  it("brings the program, as npx finds it", async () => {
    expect(await project.output("node_modules/.bin/web-session-store", "keygen")).toMatch(/^[\w-]{43}$/);
  });

  it("gives Koa's middleware itself to require(), as Koa's users write it", async () => {
    project.write(
      "koa.cjs",
      'const session = require("web-session-store/koa"); console.log(typeof session(), typeof session.getSession);',
    );
    expect(await project.output("node", "koa.cjs")).toBe("function function");
  });
});

/** A program that loads entries, one after the other, and says for each that it exports something. */
function loading(way: string, specifiers: readonly string[]): string {
  const load = way === "import" ? "await import(name)" : "require(name)";
  return `import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    for (const name of ${JSON.stringify(specifiers)}) {
      const loaded = ${load};
      console.log(name, Object.keys(loaded).length > 0 ? "ok" : "is empty");
    }`;
}

const NODE16 = ["--module", "node16"];
const BUNDLER = ["--module", "preserve", "--moduleResolution", "bundler"];
const WEB = ["--lib", "es2023,dom,dom.iterable"];

describe("the published types, with skipLibCheck off", () => {
  const errorsIn = (file: string, text: string, ...options: string[]) => {
    project.write(file, text);
    return project.output("tsc", "--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2023", ...options, file);
  };
  const importing = (specifiers: readonly string[]) =>
    specifiers.map((specifier, index) => `export * as entry${index} from "${specifier}";`).join("\n");
  const types = (...wanted: string[]) => ["--types", wanted.join(",")];

  for (const [resolution, options] of [
    ["node16", NODE16],
    ["bundler", BUNDLER],
  ] as const) {
    it(`need no other package's types but where Hono or Workers are in the name: ${resolution}`, async () => {
      const text = importing(without(...HONO, ...WORKERS_ONLY, ...JOSE));
      expect(await errorsIn("all.ts", text, ...options, ...WEB, ...types())).toBe("");
    });
  }

  it("would show an error", async () => {
    expect(await errorsIn("wrong.ts", importing(specifiersOf(HONO)), ...NODE16, ...WEB, ...types())).toMatch(/'hono'/);
  });

  it("need Hono's for Hono", async () => {
    project.link("hono");
    for (const options of [NODE16, BUNDLER]) {
      expect(await errorsIn("hono.ts", importing(specifiersOf(HONO)), ...options, ...WEB, ...types())).toBe("");
    }
  });

  it("need jose's for what signs and reads its tokens", async () => {
    project.link("jose");
    for (const options of [NODE16, BUNDLER])
      expect(await errorsIn("jose.ts", importing(specifiersOf(JOSE)), ...options, ...WEB, ...types())).toBe("");
  });

  it("are right with those of Workers instead of the Web's", async () => {
    project.link("@cloudflare/workers-types");
    const options = [...BUNDLER, "--lib", "es2023", ...types("@cloudflare/workers-types")];
    expect(await errorsIn("workers.ts", importing(without()), ...options)).toBe("");
  });

  it("are right with those of Node instead of the Web's, but for the type CryptoKey, which is no global there", async () => {
    project.link("@types/node");
    const text = importing(without(...WORKERS_ONLY));
    const errors = await errorsIn("node.ts", text, ...NODE16, "--lib", "es2023", ...types("node"));
    expect(errors.split("\n").filter((line) => !line.includes("'CryptoKey' refers to a value"))).toEqual([]);
  });

  it("let CommonJS require() the entries", async () => {
    const text = `import session = require("web-session-store/koa");
      import core = require("web-session-store");
      export const sessions = core.createSessions({ secrets: "secret" });
      export const middleware = session<{ views: number }>();
      export const { getSession } = session;`;
    expect(await errorsIn("required.cts", text, "--module", "nodenext", ...WEB, ...types())).toBe("");
  });
});
