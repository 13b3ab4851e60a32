/** What requests cost in Redis: how many scripts run, as docs/redis.md says. */
import { createClient } from "redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { redis } from "../../src/stores/redis/index.ts";
import { type Act, type App, makeApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";

let server: RedisServer;
let client: Awaited<ReturnType<typeof connect>>;
const connect = () => createClient({ url: server.url }).connect();

beforeAll(async () => {
  server = await startRedis();
  client = await connect();
});

afterAll(async () => {
  client?.destroy();
  await server?.stop();
});

/** How many scripts one request runs. */
async function cost({ does }: App, act: Act): Promise<number> {
  await client.configResetStat();
  await does(act);
  const stats = await client.info("commandstats");
  const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return calls("evalsha") + calls("eval") + calls("hgetall");
}

it("costs as many round trips as the documentation says", async () => {
  const app = makeApp({ store: redis(client) });
  const login: Act = (session) => session.login("ada");
  const read: Act = (session) => session.data.views;
  const change: Act = (session) => (session.data.views = 1 + Number(session.data.views ?? 0));
  const change2: Act = (session) => session.update((data) => (data.views = 9));
  // Once without counting: the first call of each script finds that the server does not have it yet.
  for (const act of [change, change, login, change2, (session) => session.logout()] as Act[]) await app.does(act);
  expect(await cost(app, read)).toBe(0);
  expect(await cost(app, change)).toBe(1);
  expect(await cost(app, () => {})).toBe(1);
  expect(await cost(app, read)).toBe(1);
  expect(await cost(app, change)).toBe(2);
  expect(await cost(app, login)).toBe(2);
  expect(await cost(app, change2)).toBe(3);
  expect(await cost(app, (session) => session.regenerateId())).toBe(2);
  app.clock.pass(DAY / 3);
  await app.does(read);
  app.clock.pass(DAY / 3);
  expect(await cost(app, read)).toBe(2);
  expect(await cost(app, (session) => session.logout())).toBe(2);
});
