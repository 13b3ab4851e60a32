/** The schedules of test/stories/schedules.test.ts on a MongoDB-compatible server. */
import type { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe } from "vitest";
import { nodeCrypto } from "../../src/node.ts";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { AHEAD, PARTS, scheduleTests } from "../support/schedule-suite.ts";
import { closeClients, connect } from "./clients.ts";
import { type MongoServer, startMongo } from "./server.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 1000);
const SEED = Number(process.env.SEED ?? 1);

describe("on MongoDB, whatever the order, each request is told what was done", () => {
  let server: MongoServer;
  let client: MongoClient;

  beforeAll(async () => {
    server = await startMongo();
    client = await connect("mongodb", server);
  });
  afterAll(async () => {
    await closeClients();
    await server?.stop();
  });

  let schedules = 0;
  const makeStore = () => mongodb(client, { collection: `schedule${schedules++}`, createIndexes: false });
  scheduleTests(PARTS, SCHEDULES, SEED, { begins: AHEAD, crypto: nodeCrypto, makeStore });
});
