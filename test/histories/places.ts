/** Where histories are made: one entry for each store. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { isMoved } from "../../src/session/record.ts";
import { redis } from "../../src/stores/redis/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { startRedis } from "../support/redis-server.ts";
import type { IsTaken } from "./calls.ts";
import { killed, type Place } from "./place.ts";
import { onMariadb, onPostgres } from "./sql-places.ts";

const isOurs: IsTaken = (error) => /^Cannot (create|replace) the session: its (new )?id is taken$/.test((error as Error).message);

const onRedis: Place = {
  async start() {
    const server = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
    return killed(server, String(server.port));
  },
  // As docs/redis.md recommends them: no command is sent twice. One whose answer was lost is given up by ioredis only when its time is over.
  async open(at, process) {
    const exact = { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false };
    if (process % 2 === 1)
      return redis(
        new Redis(Number(at), "127.0.0.1", exact).on("error", () => {}),
        { timeout: 1 },
      );
    const client = createClient({ url: `redis://127.0.0.1:${at}`, disableOfflineQueue: true });
    return redis(await client.on("error", () => {}).connect());
  },
  isTaken: isOurs,
};

const onSqlite: Place = {
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "histories-"));
    return { at: join(folder, "sessions.db"), stop: async () => rmSync(folder, { recursive: true, force: true }) };
  },
  open: async (at) => sqlite(at),
  isTaken: (error) => (error as { code?: unknown }).code === "SQLITE_CONSTRAINT",
};

/** With the race that is in every store that reads, changes and writes. */
const racy = (place: Place): Place => ({
  ...place,
  async open(at, process) {
    const store = await place.open(at, process);
    return {
      ...store,
      async update(key, { set, unset }, options) {
        const found = await store.load(key, { now: options.now });
        await new Promise((resolve) => setTimeout(resolve, 3));
        if (found === null || isMoved(found)) return { ok: false, why: found === null ? "gone" : "moved" };
        const data = new Map(Object.entries(JSON.parse(found.data)).map(([name, value]) => [name, JSON.stringify(value)]));
        for (const name of unset) data.delete(name);
        for (const [name, json] of set) data.set(name, json);
        return store.update(key, { replacesData: true, set: [...data], unset: [] }, options);
      },
    };
  },
});

/** Those whose stores are well. */
export const SOUND: Readonly<Record<string, Place>> = {
  Redis: onRedis,
  SQLite: onSqlite,
  PostgreSQL: onPostgres,
  MariaDB: onMariadb,
};

export const PLACES: Readonly<Record<string, Place>> = {
  ...SOUND,
  "Redis, read and written back": racy(onRedis),
  "PostgreSQL, read and written back": racy(onPostgres),
  "MariaDB, read and written back": racy(onMariadb),
};
