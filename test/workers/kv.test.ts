/** The KV store on the Workers KV of workerd: the contract, and that the simulator refuses what this one refuses. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createSessions, type Session } from "../../src/index.ts";
import { kv } from "../../src/stores/kv/index.ts";
import { storeContract } from "../../src/testing/index.ts";
import { immediate } from "../stores/immediate.ts";
import { Browser } from "../support/browser.ts";
import { KvSimulator } from "../support/kv-simulator.ts";
import { SECRET } from "../support/secrets.ts";

const namespace = env.SESSIONS_KV;

describe("kv on Workers KV keeps the store contract:", () => {
  for (const { name, run } of storeContract(() => kv(namespace))) it(name, () => expect(run()).resolves.toBeUndefined());
});

// This KV has one location and no caches, so the strict cases can be asked of it.
describe("kv on Workers KV, held to what immediate stores are held to:", () => {
  const strict = storeContract(() => immediate(kv(namespace)));
  for (const { name, run } of strict) it(name, () => expect(run()).resolves.toBeUndefined());
});

it("logs in, keeps data, gives a new id and logs out on Workers KV", async () => {
  const acts: Record<string, (session: Session) => unknown> = {
    "/login": (session) => session.login("alice", { meta: { device: "Zoë's phone" } }),
    "/write": (session) => session.update((data) => (data.cart = ["apple"])),
    "/renew": (session) => session.regenerateId(),
    "/logout": (session) => session.logout(),
    "/": (session) => JSON.stringify([session.subject ?? "nobody", session.data.cart ?? null]),
  };
  const store = kv(namespace);
  const sessions = createSessions({ secrets: SECRET, store });
  const serve = sessions.handler(
    async (request, session) => new Response(String(await acts[new URL(request.url).pathname]?.(session))),
  );
  const browser = new Browser(serve);
  const ask = async (path: string) => (await browser.visit(path)).text();
  for (const path of ["/login", "/write", "/renew"]) await ask(path);
  expect(await ask("/")).toBe('["alice",["apple"]]');
  expect(await store.list("alice")).toMatchObject([{ meta: { device: "Zoë's phone" } }]);
  const thief = browser.copy();
  await ask("/logout");
  expect(await (await thief.visit("/")).text()).toBe('["nobody",null]');
  expect(await store.list("alice")).toEqual([]);
});

describe("the simulator refuses what Workers KV refuses, with the same words:", () => {
  const simulated = new KvSimulator({ now: () => Date.now() / 1000 }).at("here");
  const text = { type: "text", cacheTtl: 30 } as const;
  it.each<[string, (kv: typeof simulated) => Promise<unknown>]>([
    ["a TTL of 59", (kv) => kv.put("key", "value", { expirationTtl: 59 })],
    ["a TTL of 0", (kv) => kv.put("key", "value", { expirationTtl: 0 })],
    ["a TTL of 2147483648", (kv) => kv.put("key", "value", { expirationTtl: 2 ** 31 })],
    ["a cacheTtl of 29", (kv) => kv.get("key", { ...text, cacheTtl: 29 })],
    ["a key of 513 bytes", (kv) => kv.put("k".repeat(513), "value", { expirationTtl: 60 })],
    ["a key of 513 bytes that is read", (kv) => kv.get("k".repeat(513), text)],
    ["an empty key", (kv) => kv.put("", "value", { expirationTtl: 60 })],
    ["the key .", (kv) => kv.put(".", "value", { expirationTtl: 60 })],
    ["metadata of 1025 bytes", (kv) => kv.put("key", "value", { expirationTtl: 60, metadata: "x".repeat(1023) })],
  ])("%s", async (_what, act) => {
    const message = (kv: typeof simulated) =>
      act(kv).then(
        () => "taken",
        (error: Error) => error.message,
      );
    expect(await message(simulated)).toBe(await message(namespace));
    expect(await message(namespace)).not.toBe("taken");
  });

  it("and takes what it takes: a TTL of 61.7, a key of 512 bytes, metadata of 1024", async () => {
    for (const taker of [simulated, namespace]) {
      await taker.put("k".repeat(512), "value", { expirationTtl: 61.7, metadata: "x".repeat(1022) });
      expect(await taker.get("k".repeat(512), text)).toBe("value");
    }
  });
});
