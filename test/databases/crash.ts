/** A database server that is killed under traffic: nobody is told what is not so, nothing that was acknowledged is lost, and all goes on. */
import { expect } from "vitest";
import type { SqlSessionStore } from "../../src/stores/sql/store.ts";
import type { DatabaseServer } from "../support/server-folder.ts";
import { countingApp } from "./cases.ts";

const VISITORS = 8;
const AFTER = 5;

/** Kills it after some hundred answers, twice, and answers how many requests were acknowledged, and how many failed. */
export async function survivesKills(
  server: DatabaseServer,
  store: SqlSessionStore,
): Promise<{ acknowledged: number; failed: number }> {
  const { newBrowser } = countingApp(store);
  const visitors = Array.from({ length: VISITORS }, () => ({
    browser: newBrowser(),
    tried: 0,
    acknowledged: [] as string[],
    failed: 0,
  }));
  type Visitor = (typeof visitors)[number];
  const ask = async (visitor: Visitor) => {
    const path = `/${visitor.tried++}`;
    const cookies = visitor.browser.cookieHeader();
    const { status, headers } = await visitor.browser.visit(path);
    if (status === 200) return void visitor.acknowledged.push(path);
    visitor.failed++;
    expect([status, headers.getSetCookie()]).toEqual([503, []]);
    expect(visitor.browser.cookieHeader()).toBe(cookies);
    // As a person does who sees an error page.
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await Promise.all(visitors.map(ask));
  for (const _kill of [1, 2]) {
    let running = false;
    const before = visitors.map(({ failed }) => failed);
    const traffic = visitors.map(async (visitor) => {
      while (!running) await ask(visitor);
      const { length } = visitor.acknowledged;
      while (visitor.acknowledged.length < length + AFTER) await ask(visitor);
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.kill();
    const allFailed = () => visitors.every(({ failed }, index) => failed > (before[index] as number));
    await expect.poll(allFailed, { timeout: 10_000 }).toBe(true);
    await server.start();
    running = true;
    await Promise.all(traffic);
  }
  for (const { browser, acknowledged, tried } of visitors) {
    const data = (await (await browser.visit("/")).json()) as Record<string, number>;
    expect(acknowledged.filter((path) => data[path] === undefined)).toEqual([]);
    expect(data.count).toBeGreaterThanOrEqual(acknowledged.length);
    expect(data.count).toBeLessThanOrEqual(tried);
  }
  const sum = (of: (visitor: Visitor) => number) => visitors.reduce((total, visitor) => total + of(visitor), 0);
  return { acknowledged: sum((one) => one.acknowledged.length), failed: sum((one) => one.failed) };
}
