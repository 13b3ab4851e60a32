/** Clients of the two versions of MongoDB's driver, as they are published. */
import type { MongoClient, MongoClientOptions } from "mongodb";
import { packages } from "./packages.ts";
import type { MongoServer } from "./server.ts";

/** Which package a driver is. */
export type Driver = "mongodb" | "mongodb6";

/** What docs/mongodb.md recommends. */
const RECOMMENDED: MongoClientOptions = { serverSelectionTimeoutMS: 2000 };

const clients: MongoClient[] = [];

/** A client that is connected. */
export function connect(
  driver: Driver,
  { front }: Pick<MongoServer, "front">,
  options: MongoClientOptions = {},
): Promise<MongoClient> {
  const { MongoClient } = packages(driver) as typeof import("mongodb");
  const client = new MongoClient(front.url, { ...RECOMMENDED, ...options });
  clients.push(client);
  return client.connect();
}

/** Closes all clients. */
export async function closeClients(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()));
}
