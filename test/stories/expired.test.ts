/** A session that is over is reported as expired, and why, in memory as in other stores. */
import { expect, it } from "vitest";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { makeApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";

const PLACES: [string, () => DefinedStore | undefined][] = [
  ["memory()", () => memory()],
  ["sqlite()", () => sqlite(":memory:")],
  ["no store", () => undefined],
];

it.each(PLACES)("with %s", async (_name, make) => {
  for (const [reason, absoluteTimeout] of [
    ["idle", 30 * DAY],
    ["absolute", DAY],
  ] as const) {
    const store = make();
    const { does, events, clock, browser, newBrowser } = makeApp({ idleTimeout: DAY, absoluteTimeout, ...(store && { store }) });
    await does((session) => session.login("alice"));
    const id = await does((session) => session.id);
    events.length = 0;
    // One that sends a cookie for longer than it was told to.
    const stubborn = newBrowser().hold(browser.cookieHeader());
    clock.pass(DAY);
    expect(await does((session) => session.subject, stubborn)).toBeUndefined();
    expect(events).toEqual([{ type: "expired", id, reason }]);
  }
});
