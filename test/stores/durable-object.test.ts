/** What the Durable Object store decides without any object: its options, its routes, and the types it asks for. */

import { readFileSync } from "node:fs";
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { afterEach, describe, expect, it, vi } from "vitest";
import { OptionError } from "../../src/index.ts";
import { routeOf } from "../../src/stored/route.ts";
import { type DurableObjectOptions, durableObject, type ObjectNamespace } from "../../src/stores/durable-object/index.ts";

/** A namespace that answers nothing, and tells which objects it was asked for. */
function recording(asked: [name: string, options: unknown][], prefix = ""): ObjectNamespace {
  return {
    getByName(name, options) {
      asked.push([prefix + name, options]);
      return { load: async () => null, removeAll: async () => 0 };
    },
    jurisdiction: (name) => recording(asked, `${prefix}[${name}]`),
  };
}

it("durableObject takes a binding as Cloudflare's types declare it", () => {
  const fits: (namespace: DurableObjectNamespace) => unknown = durableObject;
  expect(fits).toBe(durableObject);
});

describe("durableObject refuses", () => {
  it.each<[string, unknown]>([
    ["no binding", undefined],
    ["null", null],
    ["a binding of another kind", { get: () => null, put: () => null }],
  ])("%s, and says which lines to add", (_what, namespace) => {
    const make = () => durableObject(namespace as ObjectNamespace);
    expect(make).toThrow(OptionError);
    expect(make).toThrow('[[durable_objects.bindings]]\n  name = "SESSIONS"\n  class_name = "SessionObject"');
    expect(make).toThrow('[exports.SessionObject]\n  type = "durable-object"\n  storage = "sqlite"');
    expect(make).toThrow('export { SessionObject } from "web-session-store/stores/session-object";');
  });

  it.each(["", "EU", "eu.west", "../eu", "1"])("the jurisdiction %j", (jurisdiction) => {
    expect(() => durableObject(recording([]), { jurisdiction })).toThrow(OptionError);
  });
});

describe("a route", () => {
  it("of a user is the hash of the subject and the salt", async () => {
    const namespace = recording([]);
    expect(await durableObject(namespace).route("ada")).toBe(await routeOf("ada", ""));
    expect(await durableObject(namespace, { salt: "shop" }).route("ada")).toBe(await routeOf("ada", "shop"));
    expect(await durableObject(namespace, { salt: "shop" }).route("ada")).not.toBe(await routeOf("ada", ""));
  });

  it("of a visitor is random", async () => {
    const store = durableObject(recording([]));
    const routes = await Promise.all(Array.from({ length: 100 }, () => store.route(undefined)));
    expect(new Set(routes).size).toBe(100);
    for (const route of routes) expect(route).toMatch(/^v[\w-]{22}$/);
  });

  it("names its jurisdiction", async () => {
    const store = durableObject(recording([]), { jurisdiction: "eu" });
    expect(await store.route("ada")).toBe(`eu.${await routeOf("ada", "")}`);
    expect(await store.route(undefined)).toMatch(/^eu\.v[\w-]{22}$/);
  });
});

describe("the object of a session", () => {
  async function askedOf(route: string | undefined, options: DurableObjectOptions = {}): Promise<[string, unknown][]> {
    const asked: [string, unknown][] = [];
    const key = { id: "abcdefghijklmnop", ...(route !== undefined && { route }) };
    expect(await durableObject(recording(asked), options).load(key, { now: 1 })).toBeNull();
    return asked;
  }
  const name = `u${"a".repeat(22)}`;

  it("is the one its route names", async () => {
    expect(await askedOf(name)).toEqual([[name, undefined]]);
    expect(await askedOf(name, { locationHint: "weur" })).toEqual([[name, { locationHint: "weur" }]]);
  });

  it("is where its route says, whatever the options say now", async () => {
    expect(await askedOf(`eu.${name}`)).toEqual([[`[eu]eu.${name}`, undefined]]);
    expect(await askedOf(`us.${name}`, { jurisdiction: "eu" })).toEqual([[`[us]us.${name}`, undefined]]);
    expect(await askedOf(name, { jurisdiction: "eu" })).toEqual([[name, undefined]]);
  });

  it.each([undefined, "", "u", `x${"a".repeat(22)}`, `${name}a`, `${name}\n`, `.${name}`, `a.b.${name}`])(
    "is none when the route is %j: no object is asked",
    async (route) => {
      expect(await askedOf(route)).toEqual([]);
    },
  );

  it("is computed from the subject, never from a key, to end all of a user's sessions", async () => {
    const asked: [string, unknown][] = [];
    await durableObject(recording(asked), { salt: "shop" }).removeAll("ada");
    expect(asked).toEqual([[await routeOf("ada", "shop"), undefined]]);
  });
});

describe("the page of docs/durable-objects.md", () => {
  const snippet = /```js\n([\s\S]+?)```/.exec(readFileSync("docs/durable-objects.md", "utf8"))?.[1] ?? "";

  /** A browser's socket, moved by the test. */
  class FakeSocket {
    static all: FakeSocket[] = [];
    readonly sent: string[] = [];
    onopen = () => {};
    onmessage = (_event: { data: string }) => {};
    onclose = (_event: { code: number }) => {};

    readonly url: string;

    constructor(url: string) {
      this.url = url;
      FakeSocket.all.push(this);
    }

    send(text: string): void {
      this.sent.push(text);
    }

    close(): void {
      this.onclose({ code: 1006 });
    }
  }

  function open(): { body: { textContent: string } } {
    vi.useFakeTimers();
    FakeSocket.all = [];
    const document = { body: { textContent: "a page" } };
    new Function("WebSocket", "document", snippet)(FakeSocket, document);
    return document;
  }
  const latest = () => FakeSocket.all.at(-1) as FakeSocket;

  afterEach(() => {
    vi.useRealTimers();
  });

  it("says that the session ended on 4401, and does not connect again", () => {
    const { body } = open();
    latest().onopen();
    latest().onclose({ code: 4401 });
    expect(body.textContent).toBe("You are logged out.");
    vi.advanceTimersByTime(600_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it.each([1000, 1006, 1008, 4409])("connects again on %i", (code) => {
    const { body } = open();
    latest().onopen();
    latest().onclose({ code });
    vi.advanceTimersByTime(1500);
    expect(FakeSocket.all).toHaveLength(2);
    expect(body.textContent).toBe("a page");
  });

  it("waits longer from try to try, and a minute and a half at most", () => {
    open();
    for (let tries = 0; tries < 20; tries++) {
      latest().onclose({ code: 1006 });
      vi.advanceTimersByTime(90_000);
      expect(FakeSocket.all).toHaveLength(tries + 2);
    }
    latest().onclose({ code: 1006 });
    vi.advanceTimersByTime(29_999);
    expect(FakeSocket.all).toHaveLength(21);
  });

  it("leaves a connection that does not answer its ping", () => {
    open();
    latest().onopen();
    expect(latest().sent).toEqual(["ping"]);
    latest().onmessage({ data: "pong" });
    vi.advanceTimersByTime(30_000);
    expect(latest().sent).toEqual(["ping", "ping"]);
    vi.advanceTimersByTime(30_000);
    vi.advanceTimersByTime(1500);
    expect(FakeSocket.all).toHaveLength(2);
  });
});
