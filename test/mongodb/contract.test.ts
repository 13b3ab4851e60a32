/** The MongoDB store on a MongoDB-compatible server: the whole contract, three times over with driver 7, and with driver 6. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MongoClientLike, mongodb } from "../../src/stores/mongodb/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { closeClients, connect, type Driver } from "./clients.ts";
import { type MongoServer, startMongo } from "./server.ts";

let server: MongoServer;

beforeAll(async () => {
  server = await startMongo();
});
afterAll(async () => {
  await closeClients();
  await server?.stop();
});

const RUNS: [string, Driver][] = [
  ["driver 7", "mongodb"],
  ["driver 7 once more, so that races fall out differently", "mongodb"],
  ["driver 7 a third time", "mongodb"],
  ["driver 6", "mongodb6"],
];

describe.each(RUNS)("mongodb keeps the store contract, with %s", (_what, driver) => {
  let client: MongoClientLike;
  beforeAll(async () => {
    client = await connect(driver, server);
  });
  for (const { name, run } of storeContract(() => mongodb(client))) it(name, run);
});

it("was tested with all that the server has, and made no collection but its own", async () => {
  const client = await connect("mongodb", server);
  expect((await client.db().collections()).map(({ collectionName }) => collectionName)).toEqual(["web_sessions"]);
});
