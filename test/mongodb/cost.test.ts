/** What requests cost in MongoDB: how many round trips, as docs/mongodb.md says, counted by the server's front. */
import { expect, it } from "vitest";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { type Act, type App, makeApp } from "../support/app.ts";
import type { Browser } from "../support/browser.ts";
import { DAY } from "../support/clock.ts";
import { connect } from "./clients.ts";
import { serverOfFile } from "./server.ts";

const mongo = serverOfFile();

/** How many commands one request sends. */
async function cost({ does }: App, act: Act, browser?: Browser): Promise<number> {
  mongo.server.front.counts.clear();
  await does(act, browser);
  return [...mongo.server.front.counts.values()].reduce((sum, count) => sum + count, 0);
}

it("costs as many round trips as the documentation says", async () => {
  const app = makeApp({ store: mongodb(await connect("mongodb", mongo.server)) });
  const read: Act = (session) => session.data.views;
  const change: Act = (session) => (session.data.views = 1 + Number(session.data.views ?? 0));
  expect(await cost(app, read)).toBe(0);
  // The first call asks what the server is, which is not counted, and makes the indexes.
  expect(await cost(app, change)).toBe(2);
  expect(await cost(app, () => {})).toBe(1);
  expect(await cost(app, read)).toBe(1);
  expect(await cost(app, change)).toBe(2);
  expect(await cost(app, (session) => session.regenerateId())).toBe(4);
  expect(await cost(app, (session) => session.login("ada"))).toBe(6);
  expect(await cost(app, (session) => session.update((data) => (data.views = 9)))).toBe(3);
  expect(await cost(app, (session) => session.patch({ views: 10 }))).toBe(2);
  expect(await cost(app, (session) => session.regenerateId())).toBe(6);
  const login: Act = (session) => session.login("grace");
  expect(await cost(app, login, app.newBrowser())).toBe(4);
  app.clock.pass(DAY / 3);
  await app.does(read);
  app.clock.pass(DAY / 3);
  expect(await cost(app, read)).toBe(2);
  expect(await cost(app, (session) => session.logout())).toBe(2);
});

it("costs one more for a login that ends another session, and for ending what is missing", async () => {
  const store = mongodb(await connect("mongodb", mongo.server), { collection: "more" });
  const app = makeApp({ store, maxSessions: 1 });
  const login: Act = (session) => session.login("ada");
  await app.does(login);
  expect(await cost(app, login, app.newBrowser())).toBe(5);
  mongo.server.front.counts.clear();
  await store.remove({ id: "nobody-has-this-id" });
  expect(Object.fromEntries(mongo.server.front.counts)).toEqual({ findAndModify: 1, find: 1 });
});
