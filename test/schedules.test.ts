/**
 * Thousands of random programs of parallel requests, each in a random order of store calls and of answers in the browser.
 *
 * SCHEDULES=100000 runs so many, instead of 10,000; SEED=7 begins with that one.
 */
import { describe, it } from "vitest";
import { nodeCrypto } from "../src/node-primitives.ts";
import { memory } from "../src/stores/memory.ts";
import { playMany } from "./support/schedule-many.ts";
import type { Kinds } from "./support/schedule-program.ts";
import { type Play, playSchedule } from "./support/schedule-run.ts";

const COUNT = { schedules: Number(process.env.SCHEDULES ?? 10_000), first: Number(process.env.SEED ?? 1) };
const PLAY: Play = {
  makeStore: () => memory(),
  begins: 1_800_000_000,
  weather: { conflicts: 0, late: 0 },
  given: [nodeCrypto] as never[],
};
const KINDS: Kinds = { failures: false, accept: false, grace: true, store: true, oneByOne: false, most: 6 };

const many = (share: number, kinds: Partial<Kinds>, play: Partial<Play>) =>
  playMany(COUNT, share, { ...KINDS, ...kinds }, (program, seed) => playSchedule(program, seed, { ...PLAY, ...play }));

describe("whatever the order of store calls and answers, what was answered as done is done", () => {
  it("with a store", () => many(0.3, {}, {}));
  it("with tokens of other software", () => many(0.2, { accept: true }, { accept: true }));
  it("with copies", () => many(0.1, {}, { copy: true }));
  it("with visitors in their cookies", () => many(0.1, {}, { visitorsInCookie: true }));
  it("with more requests at the same time", () => many(0.05, { most: 16 }, {}));
  it("with requests that fail halfway", () => many(0.1, { failures: true }, {}));
  it("with a store that meets conflicts", () => many(0.03, {}, { weather: { conflicts: 0.3, late: 0 } }));
  it("with a store that shows marks and ends late", () => many(0.05, {}, { weather: { conflicts: 0.1, late: 0.3 } }));
  it("with one request after the other", () => many(0.04, { oneByOne: true }, {}));
});
