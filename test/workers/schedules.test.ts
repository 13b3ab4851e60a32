/** The schedules of schedules.test.ts with Durable Objects, in workerd. */
import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { durableObject } from "../../src/stores/durable-object.ts";
import { AHEAD, PARTS, scheduleTests } from "../support/schedule-suite.ts";

describe("with Durable Objects, whatever the order, each request is told what was done", () => {
  let schedules = 0;
  const makeStore = () => durableObject(env.SESSIONS, { salt: `schedule ${schedules++}` });
  scheduleTests(PARTS.slice(1, 3), 1000, 22, { begins: AHEAD, makeStore });
});
