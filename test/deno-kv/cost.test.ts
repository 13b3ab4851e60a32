/** What requests cost in Deno KV: how often it is asked, as docs/deno-kv.md says. */
import { expect, it } from "vitest";
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { type Act, makeApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { counted, openKv } from "./databases.ts";

it("asks Deno KV as often as the documentation says", async () => {
  const kv = await openKv(":memory:");
  const { kv: asked, counts } = counted(kv);
  const app = makeApp({ store: denoKv(asked) });
  const cost = async (act: Act) => {
    Object.assign(counts, { reads: 0, commits: 0, entries: 0 });
    await app.does(act);
    return [counts.reads, counts.commits, counts.entries];
  };
  const read: Act = (session) => session.data.views;
  const change: Act = (session) => (session.data.views = 1 + Number(session.data.views ?? 0));
  expect(await cost(read)).toEqual([0, 0, 0]);
  expect(await cost(change)).toEqual([0, 1, 2]);
  expect(await cost(() => {})).toEqual([1, 0, 0]);
  expect(await cost(read)).toEqual([1, 0, 0]);
  expect(await cost(change)).toEqual([2, 1, 1]);
  expect(await cost((session) => session.patch({ a: 1 }))).toEqual([2, 1, 1]);
  expect(await cost((session) => session.login("ada"))).toEqual([3, 1, 6]);
  expect(await cost((session) => session.update((data) => (data.views = 9)))).toEqual([3, 1, 1]);
  expect(await cost((session) => session.regenerateId())).toEqual([3, 1, 8]);
  app.clock.pass(DAY / 3);
  expect(await cost(read)).toEqual([2, 1, 5]);
  expect(await cost((session) => session.logout())).toEqual([2, 1, 4]);
  kv.close();
});
