/**
 * Thousands of random programs of parallel requests, each in a random order of store calls and of answers in the browser.
 *
 * SCHEDULES=100000 runs so many, instead of 10,000; SEED=7 begins with that one.
 */
import { describe } from "vitest";
import { nodeCrypto } from "../../src/node.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { PARTS, type Part, scheduleTests } from "../support/schedule-suite.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 10_000);
const SEED = Number(process.env.SEED ?? 1);
const BASE = { begins: 1_800_000_000, crypto: nodeCrypto };

describe("on memory, whatever the order, each request is told what was done", () => {
  scheduleTests(PARTS, SCHEDULES * 0.85, SEED, { ...BASE, makeStore: () => memory() });
});

describe("on a store that shows marks and ends late, each request is told what was done", () => {
  const late: Part = { name: "visitors and users", share: 1, play: { weather: { conflicts: 0.1, late: 0.3 } } };
  scheduleTests([late], SCHEDULES * 0.05, SEED, { ...BASE, makeStore: () => memory() });
});

describe("without a store, the last answer counts, and no visitor's answer logs anybody out", () => {
  const kinds = { store: false, grace: false };
  const parts: Part[] = [
    { name: "requests at the same time", share: 0.7, kinds },
    { name: "one request after the other", share: 0.3, kinds: { ...kinds, oneByOne: true } },
  ];
  scheduleTests(parts, SCHEDULES * 0.1, SEED, BASE);
});
