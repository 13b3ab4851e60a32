/** Two processes of an application on one MongoDB: 100 requests of one visitor at the same time, and nothing is lost. */
import { expect, it } from "vitest";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { ALL_WRITTEN, writeFromTwo } from "../support/two-processes.ts";
import type { Driver } from "./clients.ts";
import { serverOfFile } from "./server.ts";

const mongo = serverOfFile();

it.each<[Driver, Driver]>([
  ["mongodb", "mongodb"],
  ["mongodb", "mongodb6"],
])("keeps 100 keys and 100 increments of 100 parallel requests, with %s and %s", async (first, second) => {
  const env = (driver: Driver) => ({ MONGODB_URL: mongo.server.front.url, DRIVER: driver });
  const data = await writeFromTwo(mongodb(mongo.client), "test/mongodb/writer.ts", [env(first), env(second)]);
  expect(data).toEqual(ALL_WRITTEN);
});
