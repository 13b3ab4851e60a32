/** Every cell of the table of what a request is told whose session is gone, on a MongoDB-compatible server. */
import type { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { goneCases } from "../contracts/gone.ts";
import { closeClients, connect } from "./clients.ts";
import { type MongoServer, startMongo } from "./server.ts";

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

describe("a request whose session is not there any more: MongoDB", () => {
  for (const { name, run } of goneCases(() => mongodb(client), expect)) it(name, run);
});
