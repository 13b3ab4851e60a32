/**
 * Redis under test: a server of its own on this machine, ours with both clients, and peers.
 *
 * @module
 */
import { redis } from "../../dist/stores/redis/index.js";
import { startRedis } from "../../test/support/redis-server.ts";
import { ioRedis, nodeRedis } from "./clients.ts";
import type { Database } from "./database.ts";
import { ourRows } from "./ours.ts";
import { redisPeers } from "./peers.ts";
import { wireTo } from "./wire.ts";

/** Its links are ports of this machine. */
export const redisDatabase: Database<number> = {
  name: "Redis",
  turns: "round trips, and commands",
  contenders: [
    ...ourRows(async (port: number) => redis(await nodeRedis(port))),
    ...ourRows(async (port: number) => redis(ioRedis(port)), ", ioredis"),
    ...redisPeers,
  ],
  async start() {
    const server = await startRedis();
    const wire = await wireTo(server.port);
    const watcher = await nodeRedis(server.port);
    return {
      direct: server.port,
      counted: wire.port,
      traffic: wire.traffic,
      async processor() {
        const seconds = (await watcher.info("cpu")).matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm);
        return [...seconds].reduce((sum, [, value]) => sum + 1e6 * Number(value), 0);
      },
      async stop() {
        await wire.close();
        await server.stop();
      },
    };
  },
};
