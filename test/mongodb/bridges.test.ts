/** The bridges on a MongoDB-compatible server: unstorage's driver for MongoDB, and connect-mongo, as they are published. */
import { createStorage } from "unstorage";
import mongodbDriver from "unstorage/drivers/mongodb";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { SessionStore } from "../../src/stored/contract.ts";
import { connect as connectStore } from "../../src/stores/bridges/connect.ts";
import { unstorage } from "../../src/stores/bridges/unstorage.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { immediate } from "../stores/immediate.ts";
import { closeClients, connect } from "./clients.ts";
import { packages } from "./packages.ts";
import { type MongoServer, startMongo } from "./server.ts";

type Driver = ReturnType<typeof mongodbDriver>;

let server: MongoServer;
let driver: Driver;
let connectMongo: Parameters<typeof connectStore>[0] & { close(): Promise<void> };

beforeAll(async () => {
  server = await startMongo();
  const { url } = server.front;
  driver = mongodbDriver({ connectionString: url, databaseName: "unstorage", collectionName: "sessions" });
  connectMongo = new (packages("connect-mongo").MongoStore)({ client: await connect("mongodb", server), dbName: "express" });
});
afterAll(async () => {
  await (driver?.getInstance?.() as { client: { close(): Promise<void> } } | undefined)?.client.close();
  await closeClients();
  await server?.stop();
});

const stores: [what: string, make: () => SessionStore][] = [
  ["unstorage's driver in a storage", () => unstorage(createStorage({ driver }))],
  ["unstorage's driver alone", () => unstorage(driver)],
  ["connect-mongo", () => connectStore(connectMongo)],
];

describe.each(stores)("%s on MongoDB", (_what, make) => {
  describe("keeps the store contract", () => {
    for (const { name, run } of storeContract(make)) it(name, run);
  });

  // One server shows at once what was written, so they are asked for more than the bridge can promise for every one.
  describe("keeps the contract of an immediate store", () => {
    for (const { name, run } of storeContract(() => immediate(make()))) it(name, run);
  });
});
