/** defineStore(): what it makes of a store of the application's own, and what it refuses. */
import { describe, expect, it } from "vitest";
import { createSessions, type SessionStore } from "../../../src/index.ts";
import { defineStore } from "../../../src/stored/define.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { storeContract } from "../../../src/testing/contract/store-contract.ts";
import { makeApp } from "../../support/app.ts";
import { withMethods } from "../../support/changed-store.ts";
import { SECRET } from "../../support/secrets.ts";

/** A store as applications write them: a class, whose methods need it, with more than the contract asks for. */
class OwnStore implements SessionStore {
  readonly guarantees = { atomic: true, immediate: true };
  asked: string[] = [];
  readonly #inner: SessionStore = memory();

  #ask<Name extends "load" | "create" | "update" | "replace" | "touch" | "remove" | "take" | "list" | "removeAll">(
    name: Name,
    args: Parameters<NonNullable<SessionStore[Name]>>,
  ): ReturnType<NonNullable<SessionStore[Name]>> {
    this.asked.push(name);
    return (this.#inner[name] as (...all: unknown[]) => never)(...args);
  }

  load(...args: Parameters<SessionStore["load"]>) {
    return this.#ask("load", args);
  }
  create(...args: Parameters<SessionStore["create"]>) {
    return this.#ask("create", args);
  }
  update(...args: Parameters<SessionStore["update"]>) {
    return this.#ask("update", args);
  }
  replace(...args: Parameters<SessionStore["replace"]>) {
    return this.#ask("replace", args);
  }
  touch(...args: Parameters<SessionStore["touch"]>) {
    return this.#ask("touch", args);
  }
  remove(...args: Parameters<SessionStore["remove"]>) {
    return this.#ask("remove", args);
  }
  take(...args: Parameters<SessionStore["take"]>) {
    return this.#ask("take", args);
  }
  list(subject: string) {
    return this.#ask("list", [subject]);
  }
  removeAll(...args: Parameters<NonNullable<SessionStore["removeAll"]>>) {
    return this.#ask("removeAll", args);
  }
  close() {
    this.asked.push("close");
  }
}

/** Every name that an object and what it inherits from has. */
function shapeOf(value: object): unknown[] {
  const prototype = Object.getPrototypeOf(value) as object;
  return [Reflect.ownKeys(value), Object.entries(value), prototype, Reflect.ownKeys(prototype)];
}

describe("defineStore()", () => {
  it("calls the methods of a class on its object, so that they find it there", async () => {
    const own = new OwnStore();
    const app = makeApp({ store: defineStore(own) });
    await app.does((session) => Object.assign(session.data, { cart: ["apple"] }));
    await app.does((session) => session.login("alice"));
    await app.does((session) => session.update((data) => Object.assign(data, { seen: true })));
    expect(await app.does((session) => [session.subject, { ...session.data }])).toEqual([
      "alice",
      { cart: ["apple"], seen: true },
    ]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
    expect(await app.sessions.revokeAll("alice")).toEqual({ count: 1, effect: "now" });
    expect(new Set(own.asked)).toEqual(new Set(["create", "load", "replace", "update", "list", "removeAll"]));
  });

  it("keeps the contract of what it was made of", async () => {
    for (const { run } of storeContract(() => defineStore(new OwnStore()))) await run();
  });

  it("leaves the application's object as it was", async () => {
    const own = new OwnStore();
    const before = shapeOf(own);
    const app = makeApp({ store: defineStore(own) });
    own.asked = [];
    await app.does((session) => session.data.cart);
    expect(shapeOf(own)).toEqual(before);
    expect("~backend" in own).toBe(false);
  });

  it("takes what is frozen: an object, and an object of a class that is", async () => {
    class Frozen extends OwnStore {}
    Object.freeze(Frozen.prototype);
    const plainObject: SessionStore = Object.freeze({ ...withMethods(memory()) });
    for (const own of [Object.freeze(new Frozen()), plainObject]) {
      const { does } = makeApp({ store: defineStore(own) });
      await does((session) => session.login("alice"));
      expect(await does((session) => session.subject)).toBe("alice");
    }
  });

  it("gives what the contract knows, as it was then, and nothing else", () => {
    const own = new OwnStore();
    const defined = defineStore(own);
    expect(Object.keys(defined).sort()).toEqual(
      [
        ...["guarantees", "~backend", "load", "create", "update", "replace", "touch", "remove", "take"],
        ...["list", "removeAll"],
      ].sort(),
    );
    expect(defined.guarantees).toEqual({ atomic: true, immediate: true });
    const { route, recordRoute, watch, dataOnly } = defined as SessionStore;
    expect([route, recordRoute, watch, dataOnly]).toEqual([undefined, undefined, undefined, undefined]);
    const whole = defineStore({
      ...withMethods(memory()),
      dataOnly: true,
      route: async () => "here",
      recordRoute: async () => "there",
      watch: async () => new Response(),
    } as SessionStore);
    for (const name of ["route", "recordRoute", "watch", "list", "removeAll"] as const)
      expect(whole[name]).toBeTypeOf("function");
    expect(whole.dataOnly).toBe(true);
    own.load = () => Promise.reject(new Error("changed later"));
    return expect(defined.load({ id: "a".repeat(32) }, { now: 0 })).resolves.toBe(null);
  });

  it("may be asked to define what it defined", async () => {
    const { does } = makeApp({ store: defineStore(defineStore(new OwnStore())) });
    await does((session) => session.login("alice"));
    expect(await does((session) => session.subject)).toBe("alice");
  });

  it("makes one store of one object, however often: what is kept by one is found by the other", async () => {
    const own = new OwnStore();
    const one = makeApp({ store: defineStore(own) });
    await one.does((session) => session.login("alice"));
    const other = makeApp({ store: defineStore(own) });
    other.browser.hold(one.browser.cookieHeader());
    expect(await other.does((session) => session.subject)).toBe("alice");
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "it is not an object; use what sqlite(path) or redis(client) makes"],
    ["null", null, "it is not an object; use what sqlite(path) or redis(client) makes"],
    ["a class", OwnStore, "it is a class; make an instance: new OwnStore()"],
    ["a function", () => {}, "it is a function; call it, as in memory()"],
    ["a promise", Promise.resolve(new OwnStore()), "it is a promise; await it"],
    [
      "three plain methods",
      { load: () => null, save: () => {}, remove: () => {} },
      "use plain(store) of web-session-store/stores/plain",
    ],
    ["a Map", new Map(), "use memory() of web-session-store/stores/memory"],
  ])("refuses %s, and says what to do", (_what, store, message) => {
    expect(() => defineStore(store as never)).toThrow(
      expect.objectContaining({ code: "ERR_OPTION", message: `Cannot use this store: ${message}` }),
    );
  });

  it.each([{}, { load: () => null, guarantees: {} }])("refuses what is no store, and says what it lacks: %s", (store) => {
    expect(() => defineStore(store as never)).toThrow(
      expect.objectContaining({
        code: "ERR_OPTION",
        message: expect.stringMatching(
          /^Cannot use this store: it lacks the method (load, )?create, update, replace, touch, remove, take$/,
        ),
      }),
    );
  });

  it("refuses a store that lacks one method, or says nothing of what it promises", () => {
    const whole = withMethods(memory());
    for (const name of ["load", "create", "update", "replace", "touch", "remove", "take"] as const) {
      const { [name]: _left, ...rest } = whole;
      expect(() => defineStore(rest as never)).toThrow(`Cannot use this store: it lacks the method ${name}`);
      expect(() => defineStore({ ...rest, [name]: "no method" } as never)).toThrow(`it lacks the method ${name}`);
    }
    const { guarantees: _unsaid, ...silent } = whole;
    expect(() => defineStore(silent as never)).toThrow("Cannot use this store: it lacks guarantees");
  });

  it("is asked for where a store is given as it is, by createSessions()", () => {
    expect(() => createSessions({ secrets: SECRET, store: new OwnStore() as never })).toThrow(
      expect.objectContaining({
        code: "ERR_OPTION",
        message: "Cannot use option store: wrap it with defineStore() from web-session-store/stores/define",
      }),
    );
  });
});
