/** Types of the clients that the MongoDB store takes, as each version of the driver has them. */
import type { MongoClient as Client7 } from "mongodb";
import type { MongoClient as Client6 } from "mongodb6";
import { mongodb } from "../../src/stores/mongodb/index.ts";

export const stores = (client7: Client7, client6: Client6) => [mongodb(client7), mongodb(client6)];

// @ts-expect-error A database is none.
export const notADatabase = (client: Client7) => mongodb(client.db());
