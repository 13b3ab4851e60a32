/** A process of an application, for tests, with the client named by CLIENT. */
import { Redis } from "ioredis";
import { createClient } from "redis";
import { redis } from "../../src/stores/redis/index.ts";
import { writeInParallel } from "./parallel-writer.ts";

const { REDIS_URL: url = "", CLIENT } = process.env;
await writeInParallel(redis(CLIENT === "ioredis" ? new Redis(url) : await createClient({ url }).connect()));
