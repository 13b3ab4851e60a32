/** The adapters' stories with sessions in Durable Objects, and what browsers see when users come and go. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { holdToContract } from "../contracts/adapter.ts";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";

holdToContract("sessions.handler() with Durable Objects", (options, routes) => {
  // The contract's stories that have a store have this one, but those of a store that fails.
  const replaced = options.store !== undefined && !("fail" in options.store);
  const sessions = createSessions(replaced ? { ...options, store: durableObject(env.SESSIONS) } : options);
  const notFound = () => new Response("not found", { status: 404 });
  const serve = sessions.handler((request, visitor) => (routes[new URL(request.url).pathname] ?? notFound)(visitor, request));
  return { serve };
});

interface Cart {
  cart: string[];
  views: number;
}

const store = durableObject(env.SESSIONS, { salt: "stories" });
const sessions = createSessions<Cart>({ secrets: SECRET, store });
const serve = sessions.handler(async (request, session) => {
  const { pathname, searchParams } = new URL(request.url);
  const name = searchParams.get("name") ?? "";
  if (pathname === "/add") session.data.cart = [...(session.data.cart ?? []), name];
  if (pathname === "/login") session.login(name);
  if (pathname === "/renew") session.regenerateId();
  if (pathname === "/logout") session.logout();
  if (pathname === "/count") await session.update((data) => (data.views = (data.views ?? 0) + 1));
  return Response.json([session.subject ?? null, session.data.cart ?? [], session.data.views ?? 0]);
});
const newBrowser = () => new Browser(serve);
const see = async (browser: Browser, path: string) => (await browser.visit(path)).json();

describe("sessions in Durable Objects", () => {
  it("follow a visitor through login, a new id and logout", async () => {
    const browser = newBrowser();
    await see(browser, "/add?name=apple");
    await see(browser, "/renew");
    await see(browser, "/login?name=ada");
    expect(await see(browser, "/")).toEqual(["ada", ["apple"], 0]);
    await see(browser, "/renew");
    expect(await see(browser, "/add?name=pear")).toEqual(["ada", ["apple", "pear"], 0]);
    expect(await store.list("ada")).toHaveLength(1);
    await see(browser, "/logout");
    expect(await see(browser, "/")).toEqual([null, [], 0]);
    expect(await store.list("ada")).toEqual([]);
  });

  it("keep nothing of a user's for the next one in the same browser", async () => {
    const browser = newBrowser();
    await see(browser, "/login?name=bob");
    await see(browser, "/add?name=secret");
    expect(await see(browser, "/login?name=cleo")).toEqual(["cleo", [], 0]);
    expect(await see(browser, "/")).toEqual(["cleo", [], 0]);
    expect(await store.list("bob")).toEqual([]);
  });

  it("end everywhere at once", async () => {
    const browsers = [newBrowser(), newBrowser(), newBrowser()];
    for (const browser of browsers) await see(browser, "/login?name=dora");
    expect(await store.removeAll("dora")).toBe(3);
    for (const browser of browsers) expect(await see(browser, "/")).toEqual([null, [], 0]);
  });

  it("lose no count of 30 requests at the same time", async () => {
    const browser = newBrowser();
    await see(browser, "/login?name=emil");
    await Promise.all(Array.from({ length: 5 }, () => see(browser, "/count")));
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 5 }, () => see(browser, "/count")));
    expect(await see(browser, "/")).toEqual(["emil", [], 30]);
  });
});
