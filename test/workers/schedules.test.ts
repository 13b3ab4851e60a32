/** The schedules of schedules.test.ts with Durable Objects, in workerd. */
import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { AHEAD, PARTS, scheduleTests } from "../support/schedule-suite.ts";

const SCHEDULES = 1000;
/** To run one alone, set this to its seed, and SCHEDULES to 1: the environment does not reach workerd. */
const SEED = 1;

describe("with Durable Objects, whatever the order, each request is told what was done", () => {
  let schedules = 0;
  const makeStore = () => durableObject(env.SESSIONS, { salt: `schedule ${schedules++}` });
  scheduleTests(PARTS, SCHEDULES, SEED, { begins: AHEAD, makeStore });
});
