/** The Redis store on a cluster of two real nodes: with a hash tag in its prefix it keeps the whole contract. */
import { Cluster } from "ioredis";
import { createClient, createCluster } from "redis";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { redis } from "../../src/stores/redis/index.ts";
import { storeContract } from "../../src/testing/contract/store-contract.ts";
import { freePort } from "../support/free-port.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

const nodes: RedisServer[] = [];
const connectTo = ({ url }: RedisServer) => createCluster({ rootNodes: [{ url }] });
let nodeRedis: ReturnType<typeof connectTo>;
let ioRedis: Cluster;

async function startNode(): Promise<RedisServer> {
  const node = await startRedis(["--cluster-enabled", "yes", "--cluster-port", String(await freePort())]);
  nodes.push(node);
  return node;
}

beforeAll(async () => {
  const [first, second] = [await startNode(), await startNode()];
  const clients = await Promise.all([first, second].map(({ url }) => createClient({ url }).connect()));
  const [one, two] = clients as [(typeof clients)[0], (typeof clients)[0]];
  await one.sendCommand(["CLUSTER", "ADDSLOTSRANGE", "0", "8191"]);
  await two.sendCommand(["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"]);
  const bus = /@(\d+)/.exec(String(await two.sendCommand(["CLUSTER", "NODES"])))?.[1] ?? "";
  await one.sendCommand(["CLUSTER", "MEET", "127.0.0.1", String(second.port), bus]);
  for (const client of clients) {
    await vi.waitUntil(async () => String(await client.sendCommand(["CLUSTER", "INFO"])).includes("cluster_state:ok"), 30_000);
    client.destroy();
  }
  nodeRedis = connectTo(first);
  await nodeRedis.connect();
  ioRedis = new Cluster([{ host: "127.0.0.1", port: first.port }]);
}, 60_000);

afterAll(async () => {
  nodeRedis?.destroy();
  ioRedis?.disconnect();
  for (const node of nodes) await node.stop();
});

// One tag for each node: slots 8191 and below are the first one's.
describe.each(["{b}:", "{a}:"])("redis keeps the store contract on a cluster, with the prefix %s", (prefix) => {
  describe("and node-redis", () => {
    for (const { name, run } of storeContract(() => redis(nodeRedis, { prefix }))) it(name, run);
  });
  describe("and ioredis", () => {
    for (const { name, run } of storeContract(() => redis(ioRedis, { prefix }))) it(name, run);
  });
});
