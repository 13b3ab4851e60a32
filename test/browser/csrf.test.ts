/** csrf() and a real browser: what Chromium sends for a form of one's own, of a subdomain, and of another website. */
import Koa from "koa";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CsrfRefusal } from "../../src/csrf/fetch.ts";
import { csrf } from "../../src/csrf/koa.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { launch } from "./chromium.ts";

const refused: CsrfRefusal[] = [];
let browser: Browser;
let [port, otherPort] = [0, 0];

/** Any page with a form that posts to ?to=, and any POST answered "changed". */
function serve(more: (app: Koa) => void): Promise<number> {
  const app = new Koa();
  more(app);
  app.use((ctx) => {
    if (ctx.method === "POST") ctx.body = "changed";
    else ctx.body = `<!doctype html><form method="post" action="${ctx.query.to}"><button>Send</button></form>`;
  });
  return listenOn(app.callback());
}

beforeAll(async () => {
  port = await serve((app) => app.use(csrf({ onRefused: (refusal) => refused.push(refusal) })));
  otherPort = await serve(() => {});
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await closeServers();
});

/** Opens the page, sends its form to the protected application, and gives what the visitor then sees. */
async function send(from: string): Promise<string> {
  const page = await browser.newPage();
  await page.goto(`${from}/?to=${encodeURIComponent(`http://app.localhost:${port}/email`)}`);
  await Promise.all([page.waitForURL("**/email"), page.click("button")]);
  const text = (await page.locator("body").textContent()) ?? "";
  await page.close();
  return text;
}

it("lets a form of the same origin through", async () => {
  expect(await send(`http://app.localhost:${port}`)).toBe("changed");
  expect(refused).toEqual([]);
});

it.each([
  ["another website", "http://attacker.localhost", "cross-site"],
  ["another port of the same host", "http://app.localhost", "same-site"],
  ["a subdomain of the host", "http://www.app.localhost", "same-site"],
])("refuses a form of %s", async (_what, from, site) => {
  refused.length = 0;
  const origin = `${from}:${otherPort}`;
  expect(await send(origin)).toBe("Forbidden: this request came from another website");
  expect(refused).toEqual([{ reason: "sec-fetch-site", method: "POST", host: `app.localhost:${port}`, origin, site }]);
});
