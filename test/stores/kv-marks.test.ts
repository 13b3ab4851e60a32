/** The KV store's ends and what may be taken once, as values; and the values of version 0.1.0. */
import { describe, expect, it } from "vitest";
import type { Move, SessionRecord } from "../../src/session/record.ts";
import { kv } from "../../src/stores/kv/index.ts";
import { allKeys } from "../../src/stores/kv/namespace.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { KvSimulator } from "../support/kv-simulator.ts";
import { BROKEN_MARKS, CIRCLES, isNoEndlessTrail, isNoSession } from "./broken-marks.ts";
import { isNoRecord } from "./broken-records.ts";

const NOW = 1795000600;
const ID = "t0xTt6kY0nCzgkVv6aY1kTQ9mB7JvW";
const ROUTE = "u8FGGBkc46ATgP9-o_MD1UQ";
const [OLD, NEXT] = [
  { id: `${ID}q1`, route: ROUTE },
  { id: `${ID}q2`, route: ROUTE },
];
const nameOf = ({ id, route }: { id: string; route: string }) => `s:${route}:${id}`;
const NO_CHANGE = { set: [], unset: [] };

function setUp() {
  const clock = new Clock(NOW);
  const network = new KvSimulator({ now: clock.now, listLag: 0 });
  const sleep = async (milliseconds: number) => clock.pass(milliseconds / 1000);
  const at = (location: string) => kv(network.at(location), { sleep });
  const write = (name: string, value: string, metadata?: unknown) =>
    network.at("here").put(name, value, { expirationTtl: DAY, metadata });
  return { clock, network, at, write, store: at("here") };
}

const RECORD: SessionRecord = {
  data: '{"cart":["apple"],"views":3}',
  version: 4,
  startedAt: NOW - 600,
  seenAt: NOW,
  expiresAt: NOW + DAY,
  subject: "ada",
  meta: { device: "Firefox" },
};

/** What version 0.1.0 writes for {@link RECORD}. Never to be changed. */
const FROZEN_RECORD =
  '{"v":4,"b":1795000000,"s":1795000600,"e":1795087000,"u":"ada","m":{"device":"Firefox"},"d":"{\\"cart\\":[\\"apple\\"],\\"views\\":3}"}';
const FROZEN_METADATA = { b: 1795000000, s: 1795000600, e: 1795087000, m: { device: "Firefox" } };

describe("a value that version 0.1.0 writes is read by every later version:", () => {
  it("a session is loaded, listed, changed, and ended with its user's", async () => {
    const { clock, network, store, write } = setUp();
    await write(nameOf(OLD), FROZEN_RECORD, FROZEN_METADATA);
    expect(await store.load(OLD, { now: NOW })).toEqual(RECORD);
    expect(await store.list("ada")).toMatchObject([{ id: OLD.id, meta: { device: "Firefox" } }]);
    clock.pass(1);
    const change = { set: [["views", "4"] as const], unset: [] };
    expect(await store.update(OLD, change, { now: NOW, expiresAt: NOW })).toEqual({ ok: true, version: 5 });
    clock.pass(1);
    expect(await store.removeAll("ada")).toBe(1);
    expect(network.keys()).toEqual([`${nameOf(OLD)}:x`]);
  });

  it("a session is written like that", async () => {
    const { network, store } = setUp();
    await store.create(OLD, RECORD);
    expect(network.central(nameOf(OLD))).toBe(FROZEN_RECORD);
    expect(await allKeys(network.at("here"), "s:")).toMatchObject([{ name: nameOf(OLD), metadata: FROZEN_METADATA }]);
  });

  it.each([
    ['"by":"login"', { by: "login" }],
    ['"by":"regenerateId","graceUntil":1795000610', { by: "regenerateId", graceUntil: NOW + 10 }],
  ])("a mark with %s, and a logout goes through it", async (text, said) => {
    const { network, store, write } = setUp();
    const end = `{"x":1,"mark":{"movedAt":1795000600,"to":{"id":"${NEXT.id}","route":"${ROUTE}"},${text}}}`;
    await write(`${nameOf(OLD)}:x`, end);
    await write(nameOf(NEXT), FROZEN_RECORD, FROZEN_METADATA);
    expect(await store.load(OLD, { now: NOW + 59 })).toEqual({ movedAt: NOW, to: NEXT, ...said });
    expect(await store.load(OLD, { now: NOW + 60 })).toBeNull();
    await store.remove(OLD);
    expect(await store.load(NEXT, { now: NOW })).toBeNull();
    expect(network.central(`${nameOf(NEXT)}:x`)).toBe('{"x":1}');
  });

  it("an end is an end", async () => {
    const { store, write } = setUp();
    await write(nameOf(OLD), FROZEN_RECORD, FROZEN_METADATA);
    await write(`${nameOf(OLD)}:x`, '{"x":1}');
    expect(await store.load(OLD, { now: NOW })).toBeNull();
    expect(await store.take(OLD)).toBeNull();
  });
});

describe("a mark", () => {
  it.each<[Move, object]>([
    [{ by: "login", graceSeconds: 0 }, { by: "login" }],
    [{ by: "regenerateId", graceSeconds: 0 }, { by: "regenerateId" }],
    [
      { by: "regenerateId", graceSeconds: 10 },
      { by: "regenerateId", graceUntil: NOW + 10 },
    ],
  ])("of %j is the session's end, and says where to, why and until when", async (move, said) => {
    const { network, store } = setUp();
    const visitor = { id: `${ID}q3`, route: "nobody" };
    await store.create(visitor, RECORD);
    await store.replace(visitor, NEXT, NO_CHANGE, RECORD, move);
    const mark = { movedAt: NOW, to: NEXT, ...said };
    expect(network.central(`${nameOf(visitor)}:x`)).toBe(JSON.stringify({ x: 1, mark }));
    expect(await store.load(visitor, { now: NOW })).toEqual(mark);
  });

  it.each([...BROKEN_MARKS, ["leads to a place that is none", { to: { id: NEXT.id, route: 5 } }] as const])(
    "that %s is the end of a session",
    async (_what, change) => {
      const { store, write } = setUp();
      await write(nameOf(OLD), FROZEN_RECORD, FROZEN_METADATA);
      const mark = { movedAt: NOW, to: NEXT, by: "regenerateId", graceUntil: NOW + 10, ...change };
      await write(`${nameOf(OLD)}:x`, JSON.stringify({ x: 1, mark }));
      await isNoSession(store, OLD, NOW);
    },
  );

  it.each(CIRCLES)("that %s ends a logout", async (_what, places) => {
    const { network, store, write } = setUp();
    const keys = places.map((_to, place) => ({ id: `${ID}c${place}`, route: ROUTE }));
    for (const [place, to] of places.entries()) {
      const mark = { movedAt: NOW, to: keys[to], by: "login" };
      await write(`s:${ROUTE}:${ID}c${place}:x`, JSON.stringify({ x: 1, mark }));
    }
    await isNoEndlessTrail(store, keys, NOW);
    expect(network.keys()).toEqual(keys.map((key) => `${nameOf(key)}:x`));
  });

  it.each(["7", "null", '"text"', "[]", "{}"])("that is %s is the end of a session", async (mark) => {
    const { store, write } = setUp();
    await write(nameOf(OLD), FROZEN_RECORD, FROZEN_METADATA);
    await write(`${nameOf(OLD)}:x`, `{"x":1,"mark":${mark}}`);
    await isNoSession(store, OLD, NOW);
  });
});

describe("a value of which somebody broke a part", () => {
  it.each([
    ["m", '"secret"'],
    ["m", "null"],
    ["m", "[1]"],
    ["v", '"secret"'],
  ])("%s, which is now %s, is no session", async (name, json) => {
    const { clock, network, store, write } = setUp();
    const broken = (text: string) => JSON.stringify({ ...JSON.parse(text), [name]: JSON.parse(json) });
    // A list reads the metadata, which has no version.
    if (name === "m") await write(nameOf(OLD), broken(FROZEN_RECORD), JSON.parse(broken(JSON.stringify(FROZEN_METADATA))));
    else await write(nameOf(OLD), broken(FROZEN_RECORD));
    await write(nameOf(NEXT), FROZEN_RECORD, FROZEN_METADATA);
    clock.pass(1);
    await isNoRecord(store, OLD, { other: NEXT, subject: "ada", now: NOW });
    expect(network.keys().sort()).toEqual([`${nameOf(OLD)}:x`, nameOf(NEXT)].sort());
  });
});

describe("a record that is no session", () => {
  const record: SessionRecord = { data: '{"sid":"x"}', version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + DAY };
  const id = `redeemed-${"A".repeat(43)}`;

  it("has a route of its own, the same for all, and is in nobody's list", async () => {
    const { at, network, store } = setUp();
    const key = { id, route: await store.recordRoute(id) };
    expect(key.route).toBe(await at("elsewhere").recordRoute("another"));
    expect(key.route).not.toBe(await store.route(undefined));
    await store.create(key, record);
    expect(network.keys()).toEqual([`s:records:${id}`]);
    expect(await store.load(key, { now: NOW })).toEqual(record);
    for (const subject of ["ada", "records", "nobody", ""]) expect(await store.list(subject)).toEqual([]);
  });

  it.each([
    ["400 days", 400 * DAY],
    ["99 years", 99 * 365 * DAY],
  ])("may live for %s, and be taken at its end", async (_what, seconds) => {
    const { clock, store } = setUp();
    const key = { id, route: await store.recordRoute(id) };
    const long = { ...record, expiresAt: NOW + seconds };
    await store.create(key, long);
    // Workers cannot tell KV to keep anything for longer than 68 years.
    clock.pass(Math.min(seconds, 68 * 365 * DAY) - 1);
    expect(await store.take(key)).toEqual(long);
    expect(await store.take(key)).toBeNull();
  });
});

describe("a record that is taken", () => {
  it("is gone in the same location, and its data is erased", async () => {
    const { clock, network, store } = setUp();
    await store.create(OLD, RECORD);
    clock.pass(1);
    expect(await store.take(OLD)).toEqual(RECORD);
    expect(await store.take(OLD)).toBeNull();
    expect(await store.load(OLD, { now: NOW })).toBeNull();
    expect(network.keys()).toEqual([`${nameOf(OLD)}:x`]);
    expect(await store.list("ada")).toEqual([]);
  });

  it("does not come back by a change that was under way", async () => {
    const { clock, network, store } = setUp();
    await store.create(OLD, RECORD);
    clock.pass(1);
    const here = network.at("here");
    const late = kv({
      ...here,
      async put(...given) {
        await store.take(OLD);
        clock.pass(1);
        return here.put(...given);
      },
    });
    await late.update(OLD, NO_CHANGE, { now: NOW + 1, expiresAt: NOW + HOUR });
    expect(await store.take(OLD)).toBeNull();
  });
});
