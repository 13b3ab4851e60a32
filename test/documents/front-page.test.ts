/** What the README says: its first program runs with each command that it names, and its figures are those of the files it links to. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../package/installed.ts";
import { Browser } from "../support/browser.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { type Server, startServer } from "../support/server.ts";

const readme = readFileSync("README.md", "utf8");
const results = readFileSync("bench/results.md", "utf8");
const program = /```ts\n([\s\S]+?)```/.exec(readme)?.[1] ?? "";

it("the first program ends by line 20 of the README", () => {
  const end = readme.slice(0, readme.indexOf(program) + program.length).split("\n").length;
  expect(end).toBeLessThanOrEqual(20);
});

describe("the first program, in a folder where only the package and srvx are installed", () => {
  // As `npm init` makes it: the README says how it becomes one of modules.
  const project = new Project("commonjs");
  beforeAll(async () => {
    execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
    await project.install();
    project.link("srvx");
    project.write("server.ts", program);
    const [init = "", install = "", secret = ""] = (/```sh\n([\s\S]+?)```/.exec(readme)?.[1] ?? "").trim().split("\n");
    expect(install).toMatch(/^npm install web-session-store srvx\b/);
    for (const line of [init, secret]) execFileSync("bash", ["-ec", line], { cwd: project.folder, stdio: "pipe" });
  });
  afterAll(() => project.remove());

  let server: Server | undefined;
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  const rows = [...readme.matchAll(/^\| ([\w. ]+) \| `([^`]*server\.ts[^`]*)` \|$/gm)].map(([, name, command]) => [
    name,
    command,
  ]);
  it("has a command for each runtime", () => {
    expect(rows.map(([name]) => name)).toEqual(["Node 22.18 or newer", "Bun", "Deno", "Cloudflare Workers"]);
  });

  it.each(rows as [string, string][])(
    "says 2 views to the second request, and sets the cookie that the README shows: %s",
    async (_name, command) => {
      server = await startServer((port) => typed(command, port), {}, project.folder);
      const browser = new Browser(server.serve);
      const [line = ""] = (await browser.visit("/")).headers.getSetCookie();
      expect(await (await browser.visit("/")).text()).toBe("2 views\n");
      const shown = /^Set-Cookie: (.+)$/m.exec(readme)?.[1] ?? "";
      const [start = "", end = ""] = shown.split("...");
      expect(start).toMatch(new RegExp(`^${VISITOR_COOKIE}=eyJ`));
      expect(line.startsWith(start)).toBe(true);
      expect(line.endsWith(end)).toBe(true);
    },
  );
});

/** The command as its reader types it, on a port and an address of the test's. npx would ask the network for what is not installed. */
function typed(command: string, port: number): string[] {
  const local: Record<string, string[]> = {
    srvx: ["--host", "127.0.0.1"],
    deno: ["--host", "127.0.0.1"],
    wrangler: ["--ip", "127.0.0.1", "--inspector-port", "0"],
  };
  const words = command.replace(/^npx /, "").replace("3000", String(port)).split(" ");
  const file = words.indexOf("server.ts");
  return [...words.slice(0, file), ...(local[words[0] as string] ?? []), ...words.slice(file)];
}

describe("figures", () => {
  const rowOf = (table: string, name: string) => {
    const part = results.split(/^##+ /m).find((section) => section.startsWith(table)) ?? "";
    const line = part.split("\n").find((one) => one.startsWith(`| ${name} |`)) ?? "";
    return line
      .split("|")
      .slice(2, -1)
      .map((cell) => Number.parseFloat(cell));
  };
  const cells = (row: string) =>
    (readme.split("\n").find((line) => line.startsWith(`| ${row}`)) ?? "")
      .split("|")
      .slice(2, -1)
      .map((cell) => cell.trim());
  const PEERS = ["koa-session", "express-session", "iron-session", "hono-sessions"];

  it("a session in memory is read in a fifth and a seventh of the time of two peers", () => {
    const [read = 0] = rowOf("S3", "ours: Hono, store");
    const [koa = 0] = rowOf("S3", "ours: Koa, store");
    expect((rowOf("S3", "express-session")[0] ?? 0) / read).toBeGreaterThan(5);
    expect((rowOf("S3", "koa-session (store)")[0] ?? 0) / koa).toBeGreaterThan(7);
    // The first time that a process sees a cookie.
    const first = rowOf("S3", "ours: fetch, nodeCrypto, store, nothing remembered")[0] ?? 0;
    expect((rowOf("S3", "express-session")[0] ?? 0) / first).toBeGreaterThan(3);
  });

  it("with Redis, reads keep up with those of the peers, and logins and logouts take longer", () => {
    const section = "Redis: requests a second";
    const [ours = [], express = [], fastify = []] = [
      "ours: Hono",
      "express-session, connect-redis",
      "@fastify/session, connect-redis",
    ].map((name) => rowOf(section, name));
    const [read, login, logout] = [0, 6, 7];
    expect(ours[read]).toBeGreaterThan(Math.max(express[read] as number, fastify[read] as number));
    expect(ours[login]).toBeLessThan(express[login] as number);
    expect(ours[logout]).toBeLessThan(fastify[logout] as number);
  });

  it("sizes are those that the benchmark wrote", () => {
    const sizeOf = (name: string) => String(rowOf("Bundle sizes", name)[1]);
    const [ours, ...peers] = cells("KB in a bundle");
    expect(ours).toBe(`${sizeOf("ours: Hono")} (Hono), ${sizeOf("ours: Koa")} (Koa)`);
    expect(peers.slice(0, PEERS.length)).toEqual(PEERS.map(sizeOf));
  });

  it("versions and dependencies are those of the packages that are measured", () => {
    const { packages } = JSON.parse(readFileSync("bench/package-lock.json", "utf8"));
    const own = JSON.parse(readFileSync("package.json", "utf8"));
    const count = ({ dependencies = {} }) => String(Object.keys(dependencies).length);
    const found = PEERS.map((name) => packages[`node_modules/${name}`]);
    expect(cells("direct dependencies").slice(0, 5)).toEqual([own, ...found].map(count));
    const heads = [...readme.matchAll(/\| \[([\w-]+ [\d.]+)\]\(/g)].map(([, head]) => head);
    expect(heads.slice(0, PEERS.length)).toEqual(PEERS.map((name, index) => `${name} ${found[index].version}`));
  });

  it("as many requirements have a row as the README says", () => {
    const rows = readFileSync("docs/security.md", "utf8").match(/^\| [A-F]\d+ \|/gm) ?? [];
    expect(/\[(\d+) requirements\]/.exec(readme)?.[1]).toBe(String(rows.length));
  });
});

it("the README has at most 200 lines, and names every option", () => {
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(200);
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
