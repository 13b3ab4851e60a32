/** The examples, started as their first lines say, and visited by a browser over HTTP. */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { Device } from "../support/device.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";

let server: Server | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const FOLDER = "examples";

/** The command in the first lines of an example, on a port of the test's. */
function commandIn(file: string, program: string): (port: number) => string[] {
  const command = new RegExp(` (${program} (?!24)[^).]+\\.ts.*?)(  |\\)|$)`, "m").exec(firstLines(file))?.[1];
  if (command === undefined) throw new Error(`${file} names no command with ${program}`);
  return (port) => command.trim().replace("3000", String(port)).split(" ");
}

function firstLines(file: string): string {
  return readFileSync(`${FOLDER}/${file}`, "utf8").split("import")[0] as string;
}

async function countsViews(browser: Browser, cookies: string[]): Promise<void> {
  expect(await (await browser.visit("/")).text()).toBe("1 views\n");
  expect(await (await browser.visit("/")).text()).toBe("2 views\n");
  expect([...browser.cookies.keys()]).toEqual(cookies);
}

/** The packages that an example and the files beside it import, and wrangler for a Worker. */
function packagesOf(file: string): Set<string> {
  const specifiers = [...readFileSync(`${FOLDER}/${file}`, "utf8").matchAll(/^(?:import|export) .+ from "(.+)";$/gm)];
  const names = specifiers.flatMap(([, name = ""]) => {
    if (name.startsWith("./")) return [...packagesOf(name.slice(2))];
    if (name.startsWith("node:")) return [];
    if (name.startsWith("cloudflare:")) return ["wrangler"];
    return [
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/"),
    ];
  });
  return new Set(names);
}

describe("examples", () => {
  const [modern, koa] = [[VISITOR_COOKIE], ["koa:sess", "koa:sess.sig"]];
  for (const [file, program, cookies] of [
    ["fetch.ts", "bun", modern],
    ["fetch.ts", "deno", modern],
    ["deno.ts", "deno", modern],
    ["koa.ts", "bun", koa],
    ["koa.ts", "node", koa],
  ] as [string, string, string[]][]) {
    it(`examples/${file} counts a visitor's views with ${program}`, async () => {
      server = await startServer(commandIn(file, program), { SESSION_SECRET: SECRET }, FOLDER);
      await countsViews(new Browser(server.serve), cookies);
      await countsViews(new Browser(server.serve), cookies);
    });
  }

  it.each(["bun", "deno"])("examples/devices.ts shows where a user is logged in, and ends sessions, with %s", async (program) => {
    server = await startServer(commandIn("devices.ts", program), { SESSION_SECRET: SECRET }, FOLDER);
    const { serve } = server;
    const loggedIn = async (userAgent: string) => {
      const device = new Device(new Browser(serve));
      await device.browser.visit("/", { method: "POST", headers: { "User-Agent": userAgent } });
      return device;
    };
    const [here, there] = [await loggedIn("Firefox/146.0 (Android 16)"), await loggedIn("Firefox/146.0 (X11; Linux x86_64)")];
    expect(await here.devices()).toEqual(["Firefox on Android", "Firefox on Linux"]);
    expect(await here.ends("Firefox on Linux")).toContain("Ended: \u2068Firefox on Linux\u2069");
    expect((await there.ask("")).headers.get("Location")).toBe("/");
    expect((await there.ask("?alive")).status).toBe(401);
    expect(await here.devices()).toEqual(["Firefox on Android"]);
    const foreign = { method: "POST", headers: { Origin: "https://evil.example" } };
    expect((await here.ask("?end=others", foreign)).status).toBe(403);
    expect((await here.browser.ask("/", foreign)).status).toBe(403);
  });

  it("examples/worker.ts counts views, logs in and out with npm start", async () => {
    server = await startServer((port) => ["npm", "start", "--", "--port", String(port)]);
    const browser = new Browser(server.serve);
    const page = async (path: string, init?: RequestInit) => (await browser.visit(path, init)).text();
    expect(await page("/")).toContain("<strong>1</strong> time");
    await browser.visit("/login", { method: "POST", body: new URLSearchParams({ name: "Ada" }) });
    expect(await page("/")).toContain("Welcome, Ada!");
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    const foreign = { method: "POST", headers: { Origin: "https://evil.example" } };
    expect((await browser.visit("/logout", { ...foreign, body: new URLSearchParams() })).status).toBe(403);
    expect((await browser.visit("/login", { ...foreign, body: new URLSearchParams({ name: "mallory" }) })).status).toBe(403);
    expect(await page("/")).toContain("<strong>Ada</strong>");
    await browser.visit("/logout", { method: "POST", body: new URLSearchParams() });
    expect(await page("/")).toContain("You are not logged in.");
  });

  it("say which packages they need, for a reader who copies them", () => {
    const copied = readdirSync(FOLDER).filter((file) => file.endsWith(".ts") && firstLines(file).includes("Copy "));
    expect(copied.length).toBeGreaterThan(8);
    for (const file of copied) {
      const said = / npm install (.+)/.exec(firstLines(file))?.[1]?.split(" ");
      expect(said?.toSorted(), file).toEqual([...packagesOf(file)].toSorted());
    }
  });

  it("protect every form against other sites: whoever answers a POST uses csrf()", () => {
    const answersPost = /method === "POST"|\.post\(|method="post"/;
    const text = (file: string) => readFileSync(`examples/${file}`, "utf8");
    const programs = readdirSync("examples").filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
    const withParts = (file: string) =>
      text(file).includes("./playground/")
        ? [file, ...readdirSync("examples/playground").flatMap((part) => (part.endsWith(".ts") ? `playground/${part}` : []))]
        : [file];
    const forms = programs.filter((file) => withParts(file).some((part) => answersPost.test(text(part))));
    expect(forms).toEqual(["devices.ts", "koa-page.ts", "koa-playground.ts", "node-postgres.ts", "node-sqlite.ts", "worker.ts"]);
    for (const file of forms) expect(withParts(file).map(text).join("\n"), file).toMatch(/\.use\(csrf\(\)\)|protect = csrf\(\);/);
  });
});
