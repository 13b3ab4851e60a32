/** The MongoDB store on a MongoDB-compatible server: the whole contract, three times over with driver 7, and with driver 6. */
import { beforeAll, describe, expect, it } from "vitest";
import { type MongoClientLike, mongodb } from "../../src/stores/mongodb/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { connect, type Driver } from "./clients.ts";
import { serverOfFile } from "./server.ts";

const mongo = serverOfFile();

/** Options of a client that change what it gives, or how. */
const ODD = { raw: true, promoteValues: false, promoteBuffers: true, ignoreUndefined: true, forceServerObjectId: true };

const RUNS: [string, Driver, object?][] = [
  ["driver 7", "mongodb"],
  ["driver 7 once more, so that races fall out differently", "mongodb"],
  ["driver 7 a third time", "mongodb"],
  ["driver 6", "mongodb6"],
  ["a client that gives bytes", "mongodb", ODD],
  ["a client that gives bytes of a field", "mongodb", { fieldsAsRaw: { data: true }, useBigInt64: true }],
];

describe.each(RUNS)("mongodb keeps the store contract, with %s", (_what, driver, options) => {
  let client: MongoClientLike;
  beforeAll(async () => {
    client = await connect(driver, mongo.server, options);
  });
  for (const { name, run } of storeContract(() => mongodb(client))) it(name, run);
});

it("was tested with all that the server has, and made no collection but its own", async () => {
  const client = await connect("mongodb", mongo.server);
  expect((await client.db().collections()).map(({ collectionName }) => collectionName)).toEqual(["web_sessions"]);
});
