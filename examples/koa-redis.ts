// A small page on Koa, with sessions in Redis. They survive a restart, and several processes can share them.
// Start it with:  node examples/koa-redis.ts
// It needs Redis at REDIS_URL (redis://127.0.0.1:6379) and SESSION_SECRET. Create a secret with:
// npx web-session-store keygen
import { createClient } from "redis";
import { redis } from "web-session-store/stores/redis";
import { koaPage } from "./koa-page.ts";

// Without the queue, requests fail at once if Redis is down. The client reconnects by itself.
const client = createClient({ url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379", disableOfflineQueue: true });
client.on("error", (error) => console.warn(`Redis: ${error.code ?? error.message}`));
await client.connect();

const app = koaPage("Koa and Redis", process.env.SESSION_SECRET ?? "", redis(client, { timeout: 2 }));
app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
