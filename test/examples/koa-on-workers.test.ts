/** Koa on Workers, in workerd, bundled by wrangler: examples/koa-on-workers.ts, and what is different there from Node. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "../support/browser.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";
import { browserOf, startWorker, type Worker } from "../support/workerd.ts";

/** Configured as the example is. */
const start = (entrypoint: string) =>
  startWorker(entrypoint, {
    config: "examples/koa-on-workers.toml",
    bindings: { SESSION_SECRET: { type: "plain_text", value: SECRET } },
  });

let example: Worker;
let apps: Worker;
beforeAll(async () => {
  [example, apps] = await Promise.all([start("examples/koa-on-workers.ts"), start("test/examples/koa-worker.ts")]);
});

const text = async (browser: Browser, path = "/", init?: RequestInit) => (await browser.visit(path, init)).text();
const form = { method: "POST", headers: { "Sec-Fetch-Site": "same-origin" } };

describe("examples/koa-on-workers.ts", () => {
  it("counts views, logs in and out, and a copied cookie is dead after the logout", async () => {
    const browser = browserOf(example);
    expect(await text(browser)).toContain("You are not logged in, and have seen this page 1 time.");
    expect(await text(browser)).toContain("seen this page 2 times.");
    expect((await browser.visit("/login", form)).status).toBe(302);
    expect(await text(browser)).toContain("You are ada, and have seen this page 3 times.");
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    const thief = browser.copy();
    await browser.visit("/logout", form);
    expect(await text(browser)).toContain("You are not logged in, and have seen this page 1 time.");
    expect(await text(thief)).toContain("You are not logged in");
  });

  it("takes no form from another website", async () => {
    const browser = browserOf(example);
    expect((await browser.visit("/login", { ...form, headers: { "Sec-Fetch-Site": "cross-site" } })).status).toBe(403);
    expect(await text(browser)).toContain("You are not logged in");
  });

  it("answers what is missing as Koa does elsewhere", async () => {
    const response = await browserOf(example).visit("/nothing");
    expect([response.status, response.statusText, await response.text()]).toEqual([404, "Not Found", "Not Found"]);
  });
});

describe("Koa on Workers", () => {
  it("sets Secure cookies, whatever a request says of its encryption", async () => {
    for (const headers of [{}, { "X-Forwarded-Proto": "http" }, { "X-Forwarded-Proto": "https" }]) {
      const [line = ""] = (await browserOf(apps).visit("/", { headers })).headers.getSetCookie();
      expect(line).toMatch(new RegExp(`^${VISITOR_COOKIE}=eyJ.+; Secure; `));
    }
  });

  it("saves before the headers leave, also when the body comes later", async () => {
    const browser = browserOf(apps);
    expect([await text(browser, "/stream"), await text(browser, "/stream")]).toEqual(["1 views", "2 views"]);
  });

  it("keeps a logout when the handler throws", async () => {
    const browser = browserOf(apps);
    expect(await text(browser, "/login")).toBe("ada: 1");
    const thief = browser.copy();
    expect((await browser.visit("/fail")).status).toBe(409);
    expect([await text(browser), await text(thief)]).toEqual(["undefined: 1", "undefined: 1"]);
  });

  it("keeps sessions in the cookie too", async () => {
    const browser = browserOf(apps);
    expect([await text(browser, "/cookie"), await text(browser, "/cookie")]).toEqual(["undefined: 1", "undefined: 2"]);
  });
});
