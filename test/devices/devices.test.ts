/** The page with what stores, copies and applications do besides: stories that are the same with every adapter. */
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type DevicesOptions, deviceOf, devices } from "../../src/devices/fetch.ts";
import { devices as koaDevices } from "../../src/devices/koa.ts";
import { copy } from "../../src/features/copy.ts";
import { schema } from "../../src/features/schema.ts";
import { createSessions, type StoredOptions, StoreError } from "../../src/index.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { kv } from "../../src/stores/kv/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { Clock } from "../support/clock.ts";
import { Device, PAGE } from "../support/device.ts";
import { failingStore } from "../support/failing-store.ts";
import { KvSimulator } from "../support/kv-simulator.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";

function start(more: Partial<StoredOptions> = {}, options: DevicesOptions = {}, path = PAGE) {
  const clock = new Clock();
  const sessions = createSessions({ secrets: SECRET, now: clock.now, store: memory(), ...more });
  const page = devices(sessions, options);
  const app = sessions.handler((request, session) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/login")
      session.login(searchParams.get("user") as string, { meta: { device: searchParams.get("device") as string } });
    if (pathname === "/new-id") session.regenerateId();
    return Response.json({ user: session.subject ?? "nobody", id: session.id });
  });
  const serve = (request: Request) => (new URL(request.url).pathname === path ? page(request) : app(request));
  const loggedIn = async (user: string, device: string) => {
    const browser = new Device(new Browser(serve, clock), path);
    await browser.logIn(user, device);
    return browser;
  };
  return { clock, sessions, page, loggedIn };
}

describe("devices()", () => {
  it("asks the store where a copy of the session is at hand: who was logged out sees and ends nothing", async () => {
    const { loggedIn } = start({ copy: copy({ maxAge: 60 }) });
    const [here, there] = [await loggedIn("ada", "A"), await loggedIn("ada", "B")];
    const handle = await there.handleOf("A");
    await here.ends("B");
    // The copy still says who it is.
    expect(await there.who()).toBe("ada");
    expect((await there.ask("")).status).toBe(401);
    expect((await there.ask(`?end=${handle}`, { method: "POST" })).status).toBe(401);
    expect((await there.ask("?end=others", { method: "POST" })).status).toBe(401);
    expect(await here.who()).toBe("ada");
  });

  it("asks who comes with an id from before to try again", async () => {
    const { loggedIn } = start();
    const here = await loggedIn("ada", "A");
    const late = new Device(here.browser.copy());
    await here.newId();
    const { status, headers } = await late.ask("");
    expect([status, headers.get("Retry-After"), headers.getSetCookie()]).toEqual([409, "1", []]);
    expect((await late.ask("?end=others", { method: "POST" })).status).toBe(409);
    expect(await here.devices()).toEqual(["A"]);
  });

  it("says of a store that is not immediate that it may take a minute, and shows this session though the list is late", async () => {
    const clock = new Clock();
    const sleep = async (milliseconds: number) => clock.pass(milliseconds / 1000);
    const { loggedIn } = start({ store: kv(new KvSimulator({ now: clock.now }).at("here"), { sleep }), now: clock.now });
    const here = await loggedIn("ada", "A");
    expect(await here.rows()).toEqual([{ device: "Unknown device", current: true, times: [expect.any(Number)] }]);
    await loggedIn("ada", "B");
    clock.pass(120);
    expect(await here.devices()).toEqual(["A", "B"]);
    expect(await here.ends("others")).toContain("All other sessions were ended: 1. It may take a minute");
  });

  it("leaves the data of a session alone, also where a schema says what that is", async () => {
    const { sessions, loggedIn } = start({
      schema: schema(z.object({ cart: z.array(z.string()).optional() }).strict()),
    } as never);
    const here = await loggedIn("ada", "A");
    await loggedIn("ada", "B");
    await here.ends("B");
    const headers = new Headers({ Cookie: here.browser.cookieHeader() });
    expect((await sessions.read({ headers }))?.data).toEqual({});
  });

  it("leads back to the address that the browser knows, and to no other website", async () => {
    for (const path of ["/account/sessions/", "/app.example:8080", "//evil.example/x", "/a%2F..%2Fb"]) {
      const { loggedIn } = start({}, {}, path);
      const here = await loggedIn("ada", "A");
      await loggedIn("ada", "B");
      const location = (await here.ask(`?end=${await here.handleOf("B")}`, { method: "POST" })).headers.get("Location");
      expect(new URL(location as string, `https://app.example.com${path}?end=B`).href).toBe(`https://app.example.com${path}?`);
    }
  });

  it("passes a failure of the store on, and does not say that anything was ended", async () => {
    const store = failingStore();
    const { page, loggedIn } = start({ store });
    const here = await loggedIn("ada", "A");
    await loggedIn("ada", "B");
    const address = `https://app.example.com${PAGE}?end=${await here.handleOf("B")}`;
    for (const operation of ["load", "remove"] as const) {
      const asked = new Request(address, { method: "POST", headers: { Cookie: here.browser.cookieHeader() } });
      store.fail(operation);
      await expect(page(asked), operation).rejects.toThrow(StoreError);
      store.recover();
      expect(await here.page()).not.toContain("Ended:");
    }
    expect(await here.devices()).toEqual(["A", "B"]);
  });

  it("can be put into a page of the application's own, which says what may be loaded", async () => {
    const layout: DevicesOptions["layout"] = ({ lang, title, style, script, main }, { url }) =>
      `<html lang="${lang}"><title>Shop, ${title}</title>${style}${script}<nav>${new URL(url).pathname}</nav><main>${main}</main>`;
    const { loggedIn } = start({}, { layout });
    const here = await loggedIn("ada", "A");
    const response = await here.ask("");
    expect(response.headers.get("Content-Security-Policy")).toBeNull();
    expect(response.headers.get("Cache-Control")).toContain("no-store");
    const text = await response.text();
    expect(text).toMatch(
      /^<html lang="en"><title>Shop, Your sessions<\/title><link [^>]+><script [^>]+><\/script><nav>\/account/,
    );
    expect(text).toContain('<section class="devices" aria-labelledby="devices"><h1 id="devices">Your sessions</h1>');
  });

  it("names sessions as the application says, and those of which nothing is known", async () => {
    const { loggedIn } = start({}, { describe: ({ meta = {} }) => (meta.device ? `<${meta.device}>` : "") });
    const here = await loggedIn("ada", "A");
    await loggedIn("ada", "");
    expect(await here.devices()).toEqual(["<A>", "Unknown device"]);
  });

  it("refuses options that are none, and sessions that nobody can list", async () => {
    const sessions = createSessions({ secrets: SECRET, store: memory() });
    const refused = (options: unknown) => () => devices(sessions, options as never);
    expect(refused({ logn: "/" })).toThrow('Cannot use option "logn": did you mean login?');
    expect(refused({ login: "" })).toThrow('Cannot use login "": it must be an address');
    expect(refused({ askEvery: 0.5 })).toThrow("Cannot use askEvery 0.5: it must be a whole number of seconds, 1 or more");
    expect(refused({ watch: true })).toThrow("Cannot use watch true: it must be watch of web-session-store/watch");
    expect(refused({ texts: "de" })).toThrow('Cannot use texts "de": it must be an object or a function');
    expect(refused({ texts: { titel: "x" } })).toThrow('Cannot use text "titel": did you mean title?');
    expect(refused({ texts: { title: 1 } })).toThrow("Cannot use text title: it must be a string");
    expect(refused({ texts: { lang: "not a language" } })).toThrow('Cannot use text lang "not a language"');
    expect(refused(null)).toThrow("Cannot use null as options");
    expect(() => devices(createSessions({ secrets: SECRET }) as never)).toThrow("Cannot show the sessions of users");
    expect(() => devices(undefined as never)).toThrow("Cannot show the sessions of users");
    expect(() => koaDevices({ sessions }, { watch: () => {} } as never)).toThrow("Cannot use option watch");
    const { loggedIn } = start({ store: plain(plainRows(new Map())) });
    const here = await loggedIn("ada", "A");
    await expect(here.ask("")).rejects.toThrow("Cannot list sessions: this needs a store that can list");
  });
});

describe("deviceOf()", () => {
  const APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
  const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0";
  it.each([
    ["Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"],
    ["Chrome on Windows", `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`],
    ["Edge on Android", `Mozilla/5.0 (Linux; Android 10; K) ${CHROME} Mobile Safari/537.36 EdgA/142.0`],
    ["Opera on macOS", `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME} Safari/537.36 OPR/120.0`],
    ["Safari on iOS", `Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) ${APPLE} Version/26.0 Mobile/15E148 Safari/604.1`],
    ["Chrome on iOS", `Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) ${APPLE} CriOS/142.0 Mobile/15E148 Safari/604.1`],
    ["Firefox on iOS", `Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) ${APPLE} FxiOS/146.0 Mobile/15E148 Safari/605.1.15`],
    ["Safari on macOS", `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${APPLE} Version/26.0 Safari/605.1.15`],
    ["Chrome on ChromeOS", `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`],
    ["Chrome on Linux", `Mozilla/5.0 (X11; Linux x86_64) ${CHROME.replace("Chrome", "HeadlessChrome")} Safari/537.36`],
    ["Linux", "Wget/1.25.0 (Linux)"],
    ["", "curl/8.15.0"],
    ["", ""],
    ["", null],
    ["", "<script>alert(1)</script>"],
    ["Firefox", `Firefox/${"9".repeat(100_000)}`],
  ])("%s", (name, userAgent) => expect(deviceOf(userAgent)).toBe(name));
});

describe("what the page weighs", () => {
  beforeAll(async () => {
    const { execFileSync } = await import("node:child_process");
    execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
  });

  it("is less than 4 kB in an application that has sessions, compressed", async () => {
    const { build } = await import("esbuild");
    const { gzipSync } = await import("node:zlib");
    const weigh = async (...lines: string[]) => {
      const stdin = { contents: lines.join("\n"), resolveDir: "." };
      const options = {
        bundle: true,
        minify: true,
        format: "esm",
        platform: "neutral",
        packages: "external",
        write: false,
      } as const;
      const { outputFiles } = await build({ ...options, target: "es2023", stdin });
      return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
    };
    const app = 'export { session } from "./dist/adapters/hono.js"; export { memory } from "./dist/stores/memory/index.js";';
    const added = (await weigh(app, 'export { devices } from "./dist/devices/fetch.js";')) - (await weigh(app));
    expect(added).toBeLessThan(4000);
  });
});
