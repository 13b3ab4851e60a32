/** WebSockets on a session: what closes them, with which code, also after the object slept. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { begin, HOUR, LOGIN, NEW_ID, NO_CHANGE, NOTHING, NOW, newKey, objectOf, type Place, record, stored } from "./objects.ts";
import { Page } from "./page.ts";

const store = durableObject(env.SESSIONS);
const request = () => new Request("https://app.example.com/session", { headers: { Upgrade: "websocket", Cookie: "a=b" } });

afterEach(() => {
  vi.useRealTimers();
});

async function watch(key: Place): Promise<Page> {
  const response = await store.watch(key, request());
  expect(response.status).toBe(101);
  return new Page(response);
}

describe.each([["awake"], ["that slept"]])("pages on an object %s", (how) => {
  const sleep = async (key: Place) => {
    if (how === "that slept") await evictDurableObject(objectOf(key));
  };

  it("are answered pong, and are closed with 4401 when their session is removed, and no other", async () => {
    const subject = `ada ${how}`;
    const [key, other] = [await begin(store, { subject }), await begin(store, { subject })];
    const [first, second, others] = [await watch(key), await watch(key), await watch(other)];
    await sleep(key);
    expect(await first.state()).toBe("open");
    expect(first.messages).toEqual(["pong"]);
    await store.remove(key);
    expect(await first.closed).toBe(4401);
    expect(await second.closed).toBe(4401);
    expect(await others.state()).toBe("open");
  });

  it("are closed with 4401 when all sessions are ended, but the one that is spared", async () => {
    const subject = `bob ${how}`;
    const [key, spared] = [await begin(store, { subject }), await begin(store, { subject })];
    const [ended, kept] = [await watch(key), await watch(spared)];
    await sleep(key);
    await store.removeAll(subject, { except: spared.id });
    expect(await ended.closed).toBe(4401);
    expect(await kept.state()).toBe("open");
  });

  it("are closed with 4401 when their session gives way to another", async () => {
    const subject = `cleo ${how}`;
    const key = await begin(store, { subject, seenAt: NOW - 10 });
    const page = await watch(key);
    await sleep(key);
    await store.create(await newKey(store, subject), record({ subject }), { maxSessions: 1 });
    expect(await page.closed).toBe(4401);
  });

  it("are closed with 4401 when their session expires, not before", async () => {
    const key = await begin(store, { subject: `dora ${how}` });
    const page = await watch(key);
    await store.touch(key, { now: NOW + 1, expiresAt: NOW + HOUR + 2 });
    await sleep(key);
    vi.useFakeTimers({ toFake: ["Date"], now: (NOW + HOUR) * 1000 });
    await runDurableObjectAlarm(objectOf(key));
    expect(await page.state()).toBe("open");
    // Somebody waits, so the end is looked for again soon.
    expect((await stored(key)).alarm).toBe((NOW + HOUR + 10) * 1000);
    await sleep(key);
    vi.setSystemTime((NOW + HOUR + 10) * 1000);
    await runDurableObjectAlarm(objectOf(key));
    expect(await page.closed).toBe(4401);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("are closed with 4409 when their session gets a new id, within the object and beyond", async () => {
    const subject = `emil ${how}`;
    const key = await begin(store, { subject });
    const page = await watch(key);
    await sleep(key);
    await store.replace(key, await newKey(store, subject), NO_CHANGE, record({ subject }), NEW_ID);
    expect(await page.closed).toBe(4409);
    const visitor = await begin(store);
    const visitors = await watch(visitor);
    await sleep(visitor);
    await store.replace(visitor, await newKey(store, subject), NO_CHANGE, record({ subject }), LOGIN);
    expect(await visitors.closed).toBe(4409);
  });

  it("are closed with 1008 when they say anything but ping", async () => {
    const key = await begin(store);
    for (const words of ["hello", "ping ", new ArrayBuffer(4)]) {
      const page = await watch(key);
      await sleep(key);
      page.say(words);
      expect(await page.closed).toBe(1008);
    }
  });
});

describe("a page that wants to watch", () => {
  it("a session that is not there is told so at once, with 4401, and nothing is stored", async () => {
    const key = await newKey(store, "nobody");
    expect(await (await watch(key)).closed).toBe(4401);
    expect(await stored(key)).toEqual(NOTHING);
  });

  it("a session that moved is told so at once, with 4409", async () => {
    const key = await begin(store);
    await store.replace(key, await newKey(store), NO_CHANGE, record(), NEW_ID);
    expect(await (await watch(key)).closed).toBe(4409);
  });

  it("as the ninth of a session is refused with 429, until another one leaves", async () => {
    const key = await begin(store, { subject: "finn" });
    const other = await begin(store, { subject: "finn" });
    const pages: Page[] = [];
    for (let tab = 0; tab < 8; tab++) pages.push(await watch(key));
    const refused = await store.watch(key, request());
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "60"]);
    expect(await (await watch(other)).state()).toBe("open");
    pages[0]?.leave();
    expect(await pages[0]?.closed).toBe(1000);
    await vi.waitUntil(async () => (await store.watch(key, request())).status === 101);
  });

  it("without asking for a WebSocket is told what this address is for", async () => {
    const response = await store.watch(await begin(store), new Request("https://app.example.com/session"));
    expect([response.status, response.headers.get("Upgrade")]).toEqual([426, "websocket"]);
  });

  it("makes the object wake when the session ends, though its alarm was to come later", async () => {
    const key = await begin(store, { subject: "gwen", expiresAt: NOW + 100 * HOUR });
    const soon = await begin(store, { subject: "gwen" });
    expect((await stored(key)).alarm).toBe((NOW + 100 * HOUR) * 1000);
    await watch(soon);
    expect((await stored(key)).alarm).toBe((NOW + HOUR) * 1000);
  });
});
