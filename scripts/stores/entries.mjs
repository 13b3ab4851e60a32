// The stores, one entry each, in the order of the tables. What a store promises and can do is not written here: scripts/stores.mjs asks the store. An
// entry says
//
// - `call`: what an application writes; `from`: the entry it imports that from; `page`: its page in docs/
// - `contract`: the test that runs the contract on it, unless it keeps nothing but data
// - `make`: makes one, of a client that is never asked
// - `survives`: whether its sessions survive a restart
// - `ends`: when an end is seen, for stores that are not immediate; `limit`: its own limit, where it has one
import { DatabaseSync } from "node:sqlite";
import { connect } from "../../dist/stores/bridges/connect.js";
import { plain } from "../../dist/stores/bridges/plain.js";
import { unstorage } from "../../dist/stores/bridges/unstorage.js";
import { denoKv } from "../../dist/stores/deno-kv/index.js";
import { durableObject } from "../../dist/stores/durable-object/index.js";
import { kv } from "../../dist/stores/kv/index.js";
import { memory } from "../../dist/stores/memory/index.js";
import { mongodb } from "../../dist/stores/mongodb/index.js";
import { redis } from "../../dist/stores/redis/index.js";
import { d1 } from "../../dist/stores/sql/d1.js";
import { libsql } from "../../dist/stores/sql/libsql.js";
import { mysql } from "../../dist/stores/sql/mysql.js";
import { postgres } from "../../dist/stores/sql/postgres.js";
import { sqlite } from "../../dist/stores/sql/sqlite.js";

const never = () => Promise.reject(new Error("This client is for asking stores what they promise"));
const client = (...names) => Object.fromEntries(names.map((name) => [name, never]));
const WHEN_VISIBLE = "when the write is visible; a slow request can bring the session back";

export const STORES = [
  {
    ...{ call: "memory()", from: "memory", contract: "test/stores/memory.test.ts" },
    make: () => memory(),
    ...{ survives: "no", limit: "100,000 sessions or 128 MB" },
  },
  {
    ...{ call: 'sqlite("sessions.db")', from: "sqlite", page: "sql.md", contract: "test/stores/sqlite.test.ts" },
    make: () => sqlite(new DatabaseSync(":memory:")),
    survives: "yes",
  },
  {
    ...{ call: "redis(client)", from: "redis", page: "redis.md", contract: "test/stores/redis.test.ts" },
    make: () => redis({ ...client("eval", "evalsha"), status: "ready" }),
    survives: "as Redis persists",
  },
  {
    ...{ call: "postgres(pool)", from: "postgres", page: "postgres.md", contract: "test/databases/postgres.test.ts" },
    make: () => postgres(client("query")),
    survives: "yes",
  },
  {
    ...{ call: "mysql(pool)", from: "mysql", page: "mysql.md", contract: "test/databases/mysql.test.ts" },
    make: () => mysql(client("query", "execute", "getConnection")),
    survives: "yes",
  },
  {
    ...{ call: "libsql(client)", from: "libsql", page: "sql.md", contract: "test/databases/files.test.ts" },
    make: () => libsql(client("execute", "batch")),
    survives: "yes",
  },
  {
    ...{ call: "mongodb(client)", from: "mongodb", page: "mongodb.md", contract: "test/mongodb/contract.test.ts" },
    make: () => mongodb({ ...client("startSession"), db: () => ({ collection: () => ({}) }) }),
    survives: "yes",
  },
  {
    ...{ call: "denoKv(kv)", from: "deno-kv", page: "deno-kv.md", contract: "test/deno-kv/contract.test.ts" },
    make: () => denoKv(client("list", "atomic")),
    survives: "yes",
  },
  {
    ...{ call: "durableObject(env.SESSIONS)", from: "durable-object", page: "durable-objects.md" },
    contract: "test/workers/durable-object.test.ts",
    make: () => durableObject(client("idFromName", "get", "getByName")),
    survives: "yes",
  },
  {
    ...{ call: "d1(env.SESSIONS_DB)", from: "d1", page: "sql.md", contract: "test/workers/d1.test.ts" },
    make: () => d1(client("prepare", "batch")),
    survives: "yes",
  },
  {
    ...{ call: "kv(env.SESSIONS_KV)", from: "kv", page: "kv.md", contract: "test/stores/kv.test.ts" },
    make: () => kv(client("get", "put", "delete", "list")),
    ...{ survives: "yes", limit: "one write per second per session" },
    ends: "at once, elsewhere in about a minute",
  },
  {
    ...{ call: "unstorage(storage)", from: "unstorage", page: "bridges.md", contract: "test/stores/unstorage.test.ts" },
    make: () => unstorage(client("getItem", "setItem", "removeItem")),
    ...{ survives: "as its backend does", ends: WHEN_VISIBLE },
  },
  {
    ...{ call: "connect(store)", from: "connect", page: "bridges.md", contract: "test/stores/connect.test.ts" },
    make: () => connect(client("get", "set", "destroy")),
    ...{ survives: "as its backend does", ends: WHEN_VISIBLE },
  },
  {
    ...{ call: "plain({ load, save, remove })", from: "plain", page: "bridges.md#plain" },
    make: () => plain(client("load", "save", "remove")),
    ...{ survives: "as its backend does", ends: WHEN_VISIBLE },
  },
];
