/** The KV simulator misbehaves as production does: each way of it, shown. */
import { describe, expect, it } from "vitest";
import { Clock } from "./clock.ts";
import { type KvConditions, KvSimulator } from "./kv-simulator.ts";

function setUp(conditions: Partial<KvConditions> = {}) {
  const clock = new Clock();
  const network = new KvSimulator({ now: clock.now, ...conditions });
  const [paris, tokyo] = [network.at("Paris"), network.at("Tokyo")];
  const get = (place: typeof paris, key = "key", cacheTtl = 30) => place.get(key, { type: "text", cacheTtl });
  const put = (place: typeof paris, value: string, key = "key", expirationTtl = 3600) => place.put(key, value, { expirationTtl });
  return { clock, network, paris, tokyo, get, put };
}

describe("the KV simulator", () => {
  it("shows a write to its own location at once, to others after the spread and what their cache still holds", async () => {
    const { clock, paris, tokyo, get, put } = setUp();
    await put(paris, "one");
    expect([await get(paris), await get(tokyo)]).toEqual(["one", null]);
    clock.pass(30);
    expect(await get(tokyo)).toBe("one");
    await put(paris, "two");
    clock.pass(29);
    expect([await get(paris), await get(tokyo)]).toEqual(["two", "one"]);
    clock.pass(1);
    expect(await get(tokyo)).toBe("two");
  });

  it("remembers that there was nothing, from the first read on and for as long as that said", async () => {
    const { clock, paris, tokyo, get, put } = setUp({ spread: () => 0 });
    expect(await get(tokyo, "key", 60)).toBeNull();
    await put(paris, "one");
    clock.pass(59);
    expect(await get(tokyo, "key", 30)).toBeNull();
    clock.pass(1);
    expect(await get(tokyo)).toBe("one");
  });

  it("needs the whole documented minute in the worst case", async () => {
    const { clock, paris, tokyo, get, put } = setUp();
    await put(paris, "one");
    clock.pass(29);
    expect(await get(tokyo)).toBeNull();
    clock.pass(29);
    expect(await get(tokyo)).toBeNull();
    clock.pass(1);
    expect(await get(tokyo)).toBe("one");
  });

  it("may hide a location's own write, when that is asked for", async () => {
    const { clock, paris, get, put } = setUp({ ownWritesAtOnce: false });
    expect(await get(paris)).toBeNull();
    await put(paris, "one");
    expect(await get(paris)).toBeNull();
    clock.pass(30);
    expect(await get(paris)).toBe("one");
  });

  it("lets the last write win, wherever it was made and whatever it was based on", async () => {
    const { clock, paris, tokyo, get, put } = setUp();
    await put(paris, "ended");
    clock.pass(2);
    await put(tokyo, "living");
    clock.pass(60);
    expect([await get(paris), await get(tokyo)]).toEqual(["living", "living"]);
  });

  it("takes one write a second to a key, from all locations together, counting deletes", async () => {
    const { clock, paris, tokyo, put } = setUp();
    await put(paris, "one");
    await expect(put(tokyo, "two")).rejects.toThrow("KV PUT failed: 429 Too Many Requests");
    await expect(paris.delete("key")).rejects.toThrow("KV DELETE failed: 429 Too Many Requests");
    await put(paris, "other", "other");
    clock.pass(1);
    await put(tokyo, "two");
  });

  it("lets expiry win over every cache", async () => {
    const { clock, paris, get, put } = setUp();
    await put(paris, "one", "key", 60);
    clock.pass(59);
    expect(await get(paris)).toBe("one");
    clock.pass(1);
    expect(await get(paris)).toBeNull();
  });

  it("lists in the order of keys, a minute late, also what was deleted, after an empty page that is not the last", async () => {
    const { clock, paris, put } = setUp({ pageSize: 2 });
    for (const key of ["b3", "b1", "a1", "b2"]) await put(paris, key, key);
    clock.pass(59);
    expect((await paris.list({ prefix: "b", cursor: "0" })).keys).toEqual([]);
    clock.pass(1);
    const first = await paris.list({ prefix: "b" });
    expect(first).toEqual({ keys: [], list_complete: false, cursor: "0" });
    const second = await paris.list({ prefix: "b", cursor: "0" });
    expect(second).toEqual({ keys: [{ name: "b1" }, { name: "b2" }], list_complete: false, cursor: "2" });
    await paris.delete("b3");
    clock.pass(59);
    expect(await paris.list({ prefix: "b", cursor: "2" })).toEqual({ keys: [{ name: "b3" }], list_complete: true });
    clock.pass(1);
    expect(await paris.list({ prefix: "b", cursor: "2" })).toEqual({ keys: [], list_complete: true });
  });

  it("counts calls, and waits before each for as long as the test likes", async () => {
    const steps: string[] = [];
    const { network, paris, get, put } = setUp({ step: async ({ method, key }) => steps.push(`${method} ${key}`) });
    await put(paris, "one");
    await get(paris);
    expect(steps).toEqual(["put key", "get key"]);
    expect(network.count()).toEqual({ put: 1, get: 1 });
    expect(network.count()).toEqual({});
  });
});
