/** The schedules of test/stories/schedules.test.ts on a MongoDB-compatible server. */
import { describe } from "vitest";
import { nodeCrypto } from "../../src/node.ts";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { AHEAD, PARTS, scheduleTests } from "../support/schedule-suite.ts";
import { serverOfFile } from "./server.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 1000);
const SEED = Number(process.env.SEED ?? 1);

describe("on MongoDB, whatever the order, each request is told what was done", () => {
  const mongo = serverOfFile();
  let schedules = 0;
  const makeStore = () => mongodb(mongo.client, { collection: `schedule${schedules++}`, createIndexes: false });
  scheduleTests(PARTS, SCHEDULES, SEED, { begins: AHEAD, crypto: nodeCrypto, makeStore });
});
