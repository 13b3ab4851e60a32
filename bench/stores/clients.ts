/**
 * Clients of Redis, as the applications under test have them. When the server goes, they are done: none connects again.
 *
 * @module
 */
import { Redis } from "ioredis";
import { createClient } from "redis";

/** What ends with the server is no error of anybody's; a command that fails fails its request. */
const unheard = () => {};

/** For both generations of ioredis: ours has the newest, koa-redis brings one of its own. */
export const ioRedisOptions = (port: number) => ({ host: "127.0.0.1", port, retryStrategy: () => null });

/** A client of the package `redis`, connected. */
export async function nodeRedis(port: number) {
  const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: false } });
  return client.on("error", unheard).connect();
}

/** A client of the package `ioredis`. */
export function ioRedis(port: number): Redis {
  return new Redis(ioRedisOptions(port)).on("error", unheard);
}
