/** Section E of docs/security.md: data from clients and stores. */

import { describe, expect, it } from "vitest";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { breakable } from "../support/changed-store.ts";
import { fakeKoa } from "./fake-koa.ts";

const MODES = [{}, { readable: true }, { store: memory() }];

describe("E: data", () => {
  it("E1 keys like __proto__ are data, reach no prototype, and come back as they went", async () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const text =
      '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"prototype":1,"nested":{"__proto__":{"isAdmin":true}}}';
    for (const options of MODES) {
      const app = makeApp(options);
      await app.does((session) => {
        for (const [key, value] of Object.entries(JSON.parse(text))) {
          Object.defineProperty(session.data, key, { value, enumerable: true, configurable: true, writable: true });
        }
        session.flash("__proto__", { isAdmin: true });
      });
      for (let times = 0; times < 2; times++) {
        await app.does((session) => {
          expect(session.data.isAdmin).toBeUndefined();
          expect((session.data.nested as { isAdmin?: unknown }).isAdmin).toBeUndefined();
          expect(JSON.parse(JSON.stringify(session.data))).toEqual(JSON.parse(text));
          session.data.times = times;
          delete session.data.times;
        });
      }
      expect(await app.does((session) => session.takeFlash("__proto__"))).toEqual({ isAdmin: true });
    }
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it("E1 on Koa, where the session is a plain object, a cookie does not become its prototype", async () => {
    const ask = fakeKoa(koaSession({ cookie: { signed: false } }));
    const proto = '"__proto__":{"isAdmin":true,"polluted":1}';
    const { shown } = await ask(`koa:sess={"_sid":"aaaaaaaaaaaaaaaaaaaa","a":1,${proto}}`, ({ data }) => {
      expect(Object.getPrototypeOf(Object.getPrototypeOf(data))).toBe(Object.prototype);
      expect(data.isAdmin).toBeUndefined();
      data.b = 2;
    });
    expect(JSON.parse(shown.data)).toEqual(JSON.parse(`{"a":1,${proto},"b":2}`));
  });

  it("E2 an empty session has no keys, inherited ones included", async () => {
    for (const options of MODES) {
      await makeApp(options).does((session) => {
        for (const key of ["toString", "constructor", "__proto__", "hasOwnProperty", "valueOf"]) {
          expect(session.data[key]).toBeUndefined();
          expect(key in session.data).toBe(false);
          expect(session.takeFlash(key)).toBeUndefined();
        }
      });
    }
  });

  it("E3 a value comes back as it went, or the request fails and nothing is saved", async () => {
    const loop: unknown[] = [];
    loop.push(loop);
    const refused = [
      1n,
      new Date(),
      Number.NaN,
      Number.POSITIVE_INFINITY,
      () => 1,
      Symbol("x"),
      new Map(),
      new (class Cart {})(),
      loop,
      [undefined],
    ];
    const kept = [null, true, 0, -1.5, 2 ** 60, "", "\0\ud800🚀", [], [null, [1]], {}, { a: { b: ["c"] } }];
    for (const options of MODES) {
      const app = makeApp(options);
      await app.does((session) => Object.assign(session.data, { before: 1 }));
      for (const value of refused) {
        const act = (session: { data: object }) => Object.assign(session.data, { value, more: 1 });
        await expect(app.does(act)).rejects.toMatchObject({ code: "ERR_DATA_NOT_JSON" });
        expect(await app.does((session) => ({ ...session.data }))).toEqual({ before: 1 });
      }
      for (const value of kept) {
        await app.does((session) => Object.assign(session.data, { value }));
        expect(await app.does((session) => session.data.value)).toEqual(value);
      }
    }
  });

  it("E4 data deeper than 100 levels or larger than 64 KB is not saved, and broken text in a store is no session", async () => {
    const { store, breakData } = breakable(memory());
    const app = makeApp({ store });
    await app.does((session) => session.login("alice"));
    for (const [value, code] of [
      [JSON.parse("[".repeat(100_000) + "]".repeat(100_000)), "ERR_DATA_NOT_JSON"],
      ["x".repeat(64 * 1024), "ERR_DATA_TOO_LARGE"],
    ]) {
      await expect(app.does((session) => Object.assign(session.data, { value }))).rejects.toMatchObject({ code });
    }
    for (const data of ["[".repeat(100_000), `{"a":${"[".repeat(100_000)}`, "", "null", '"x"']) {
      breakData(data);
      expect(await app.does((session) => [session.isNew, session.subject])).toEqual([true, undefined]);
    }
  });

  it("E6 a flash value is read once; of parallel requests several may read it, as documented", async () => {
    for (const options of MODES) {
      const app = makeApp(options);
      await app.does((session) => session.flash("notice", "saved"));
      const twin = app.browser.copy();
      expect(await app.does((session) => session.takeFlash("notice"))).toBe("saved");
      expect(await app.does((session) => session.takeFlash("notice"))).toBeUndefined();
      expect(await app.does((session) => session.takeFlash("notice"), twin)).toBe("store" in options ? undefined : "saved");
    }
  });
});
