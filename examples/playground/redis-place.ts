/** A place with Redis, if one is running. */
import { createClient } from "redis";
import { redis } from "web-session-store/stores/redis";
import type { Place } from "./places.ts";
import { observed } from "./trace.ts";

const PATIENCE_MS = 500;

/** Undefined if nothing answers at REDIS_URL, or by default at Redis's own port on this machine. */
export async function redisPlace(): Promise<{ place: Place; close(): void } | undefined> {
  const url = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: PATIENCE_MS, reconnectStrategy: false },
  });
  // Callers get the error anyway, but without a listener it would crash the process.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch {
    return undefined;
  }
  const place: Place = {
    path: "/redis",
    title: "Redis",
    code: 'store: redis(client), anonymous: "cookie"',
    about: "One server for many processes. Visitors’ sessions are in a cookie until they log in.",
    options: {
      name: "koa-redis",
      store: observed(redis(client, { prefix: "web-session-store-playground:" })),
      anonymous: "cookie",
    },
  };
  return { place, close: () => client.destroy() };
}
