/** How large a cookie Chromium keeps, and that the library sends none that is larger. */
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { visitorCookie } from "../support/cookie-names.ts";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { launch } from "./chromium.ts";

const MAX = 4096;
let [browser, origin]: [Browser | undefined, string] = [undefined, ""];
let setCookie: readonly string[] = [];

beforeAll(async () => {
  const port = await listenOn((_request, response) => response.setHeader("Set-Cookie", setCookie).end("set"));
  origin = `http://localhost:${port}`;
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await closeServers();
});

/** The cookies that Chromium has after an answer with these lines: name and bytes of name and value. */
async function kept(lines: readonly string[], context?: BrowserContext): Promise<[string, number][]> {
  const used = context ?? (await (browser as Browser).newContext());
  const page = await used.newPage();
  setCookie = lines;
  await page.goto(origin);
  await page.close();
  return (await used.cookies()).map(({ name, value }) => [name, name.length + value.length]);
}

/** The cookie of a visitor's data, under a name of its own. */
async function lines(name: string, text: string): Promise<string[]> {
  const sessions = createSessions<{ text: string }>({ secrets: SECRET, name });
  const visitor = await sessions.load(new Request(origin));
  visitor.data.text = text;
  return (await sessions.apply(visitor, new Response())).headers.getSetCookie();
}

it("Chromium keeps 4096 bytes of name and value, and refuses 4097", async () => {
  const line = (bytes: number) => `__Host-n=${"v".repeat(bytes - "__Host-n".length)}; Path=/; Secure; HttpOnly; SameSite=Lax`;
  expect(await kept([line(MAX)])).toEqual([["__Host-n", MAX]]);
  expect(await kept([line(MAX + 1)])).toEqual([]);
  // What was there stays: the browser goes on with old data, and tells nobody.
  const context = await (browser as Browser).newContext();
  await kept([line(100)], context);
  expect(await kept([line(MAX + 1)], context)).toEqual([["__Host-n", 100]]);
});

it("the library fills a cookie to the last byte, and throws for one more", async () => {
  const text = "x".repeat(2700);
  const sizeOf = ([line = ""]: string[]) => line.slice(0, line.indexOf(";")).length - 1;
  const spare = MAX - sizeOf(await lines("n", text));
  expect(spare).toBeGreaterThan(0);
  const name = "n".repeat(1 + spare);
  const full = await lines(name, text);
  expect(sizeOf(full)).toBe(MAX);
  expect(await kept(full)).toEqual([[visitorCookie(name), MAX]]);
  await expect(lines(`${name}n`, text)).rejects.toMatchObject({
    code: "ERR_COOKIE_TOO_LARGE",
    message: expect.stringContaining(`would take ${MAX + 1} bytes and browsers keep ${MAX}`),
  });
});

it("every size of data either throws or is kept whole by Chromium", async () => {
  let [sent, thrown] = [0, 0];
  for (let length = 2780; length < 2840; length += 6) {
    const answer = await lines("visit", "é".repeat(length / 2)).catch((error: { code: string }) => error.code);
    if (answer === "ERR_COOKIE_TOO_LARGE") thrown++;
    else {
      expect(await kept(answer as string[])).toHaveLength(1);
      sent++;
    }
  }
  expect([sent > 0, thrown > 0]).toEqual([true, true]);
});
