/** The example with Koa and Redis, started as its first lines say, and visited by browsers over HTTP. */
import { koaPageTests } from "../support/koa-page-suite.ts";
import { startRedis } from "../support/redis-server.ts";

const start = () => startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
koaPageTests("koa-redis.ts", start, ({ url }) => ({ REDIS_URL: url }));
