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

/** The command in the first lines of an example, on a port of the test's. */
function commandIn(file: string, program: string): (port: number) => string[] {
  const command = new RegExp(` (${program} (?!24)[^).]+\\.ts.*?)(  |\\)|$)`, "m").exec(
    readFileSync(file, "utf8").split("import")[0] as string,
  )?.[1];
  if (command === undefined) throw new Error(`${file} names no command with ${program}`);
  return (port) => command.trim().replace("3000", String(port)).split(" ");
}

async function countsViews(browser: Browser, cookies: string[]): Promise<void> {
  expect(await (await browser.visit("/")).text()).toBe("1 views\n");
  expect(await (await browser.visit("/")).text()).toBe("2 views\n");
  expect([...browser.cookies.keys()]).toEqual(cookies);
}

describe("examples", () => {
  const [modern, koa] = [[VISITOR_COOKIE], ["koa:sess", "koa:sess.sig"]];
  for (const [file, program, cookies] of [
    ["examples/fetch.ts", "bun", modern],
    ["examples/fetch.ts", "deno", modern],
    ["examples/deno.ts", "deno", modern],
    ["examples/koa.ts", "bun", koa],
    ["examples/koa.ts", "node", koa],
  ] as [string, string, string[]][]) {
    it(`${file} counts a visitor's views with ${program}`, async () => {
      server = await startServer(commandIn(file, program), { SESSION_SECRET: SECRET });
      await countsViews(new Browser(server.serve), cookies);
      await countsViews(new Browser(server.serve), cookies);
    });
  }

  it.each(["bun", "deno"])("examples/devices.ts shows where a user is logged in, and ends sessions, with %s", async (program) => {
    server = await startServer(commandIn("examples/devices.ts", program), { SESSION_SECRET: SECRET });
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
