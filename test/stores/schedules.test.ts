/** The schedules of schedules.test.ts on real databases: a SQLite file, and a Redis server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createClient } from "redis";
import { afterAll, beforeAll, describe } from "vitest";
import { nodeCrypto } from "../../src/node.ts";
import { redis } from "../../src/stores/redis/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { AHEAD, PARTS, scheduleTests } from "../support/schedule-suite.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 1000);
const SEED = Number(process.env.SEED ?? 1);
const BASE = { begins: AHEAD, crypto: nodeCrypto };

describe("on SQLite, whatever the order, each request is told what was done", () => {
  const folder = mkdtempSync(join(tmpdir(), "schedules-"));
  const database = new DatabaseSync(join(folder, "sessions.db"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  const store = sqlite(database);

  beforeAll(() => store.load({ id: "nobody-has-this" }, { now: 0 }));

  afterAll(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const makeStore = () => {
    database.exec("DELETE FROM web_sessions");
    return store;
  };
  scheduleTests(PARTS, SCHEDULES, SEED, { ...BASE, makeStore });
});

describe("on Redis, whatever the order, each request is told what was done", () => {
  let server: RedisServer;
  let client: ReturnType<typeof createClient>;

  beforeAll(async () => {
    server = await startRedis();
    client = createClient({ url: server.url });
    await client.connect();
  });

  afterAll(async () => {
    client?.destroy();
    await server?.stop();
  });

  let schedules = 0;
  scheduleTests(PARTS, SCHEDULES, SEED, { ...BASE, makeStore: () => redis(client, { prefix: `schedule${schedules++}:` }) });
});
