/** Every cell of the table of what a request is told whose session is gone, and random orders of requests, on Deno KV. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/node.ts";
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { goneCases } from "../contracts/gone.ts";
import { AHEAD, PARTS, scheduleTests } from "../support/schedule-suite.ts";
import { type OpenKv, openKv } from "./databases.ts";
import { spread } from "./spread.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 1000);
const SEED = Number(process.env.SEED ?? 1);

let kv: OpenKv;
beforeAll(async () => {
  kv = await openKv(":memory:");
});
afterAll(() => kv?.close());

describe("a request whose session is not there any more: Deno KV", () => {
  for (const { name, run } of goneCases(() => denoKv(kv), expect)) it(name, run);
});

describe("on Deno KV, whatever the order, each request is told what was done", () => {
  let schedules = 0;
  const makeStore = () => {
    const prefix = `schedule${schedules++}`;
    return spread([1, 2, 3].map(() => denoKv(kv, { prefix })));
  };
  scheduleTests(PARTS, SCHEDULES, SEED, { begins: AHEAD, crypto: nodeCrypto, makeStore });
});
