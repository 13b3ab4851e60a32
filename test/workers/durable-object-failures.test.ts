/** Objects that cannot be reached: what is tried again, that nothing happens twice, and what the application hears. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createSessions, OptionError } from "../../src/index.ts";
import { type DurableObjectStore, durableObject } from "../../src/stores/durable-object/index.ts";
import { SECRET } from "../support/secrets.ts";
import {
  begin,
  between,
  failure,
  HOUR,
  LOGIN,
  type Losses,
  losing,
  NEW_ID,
  NO_CHANGE,
  NOTHING,
  NOW,
  newKey,
  objectOf,
  type Place,
  record,
  stored,
} from "./objects.ts";

const store = durableObject(env.SESSIONS);
const slide = { now: NOW, expiresAt: NOW + HOUR };
const add = (name: string) => ({ set: [[name, "true"] as const], unset: [] });

/** A store whose calls are carried out, and whose first answers to `method` are lost. */
function deaf(method: string, losses: Losses = {}) {
  const waits: number[] = [];
  const stubs: string[] = [];
  const namespace = losing(method, losses);
  const counting: typeof namespace = {
    ...namespace,
    getByName(name) {
      stubs.push(name);
      return namespace.getByName(name);
    },
  };
  const wait = async (milliseconds: number) => void waits.push(milliseconds);
  return { store: durableObject(counting, { wait }), waits, stubs };
}

async function dataOf(key: Place): Promise<unknown> {
  const found = await store.load(key, { now: NOW });
  return found !== null && "data" in found ? [JSON.parse(found.data), found.version] : found;
}

describe.each([["retryable"], ["reset"]] as const)("a call whose answer is lost is made again, and happens once: %s", (loss) => {
  const lost = (method: string, times = 1) => deaf(method, { times, loss });

  it("create", async () => {
    const lossy = lost("create", 2);
    const key = await newKey(store, `ada-${loss}`);
    await lossy.store.create(key, record({ subject: `ada-${loss}` }));
    expect((await stored(key)).ids).toEqual([key.id]);
    await expect(store.create(key, record({ subject: `ada-${loss}` }))).rejects.toMatchObject({ code: "ID_TAKEN" });
  });

  it("create of a session that was changed meanwhile", async () => {
    const key = await newKey(store, `bob-${loss}`);
    const lossy = deaf("create", { loss, meanwhile: () => store.update(key, add("other"), slide) });
    await lossy.store.create(key, record({ subject: `bob-${loss}` }));
    expect(await dataOf(key)).toEqual([{ other: true }, 2]);
  });

  it("update, also one that names its version", async () => {
    const key = await begin(store);
    expect(await lost("update").store.update(key, add("a"), slide)).toEqual({ ok: true, version: 2 });
    expect(await lost("update", 2).store.update(key, add("b"), { ...slide, ifVersion: 2 })).toEqual({ ok: true, version: 3 });
    expect(await dataOf(key)).toEqual([{ a: true, b: true }, 3]);
  });

  it("update of a session that was changed 20 times, or moved, meanwhile", async () => {
    for (const [what, expected] of [
      ["changed", [{ count: 1, late: 20 }, 22]],
      ["moved", expect.objectContaining({ movedAt: NOW, by: "regenerateId" })],
    ] as const) {
      const [key, next] = [await begin(store), await newKey(store)];
      const meanwhile = async () => {
        for (let late = 1; late <= 20 && what === "changed"; late++) {
          await store.update(key, { set: [["late", String(late)]], unset: [] }, slide);
        }
        if (what === "moved") await store.replace(key, next, NO_CHANGE, record(), NEW_ID);
      };
      const lossy = deaf("update", { loss, meanwhile });
      const patch = { set: [["count", "1"] as const], unset: [] };
      expect(await lossy.store.update(key, patch, { ...slide, ifVersion: 1 })).toEqual({ ok: true, version: 2 });
      expect(await dataOf(key)).toEqual(expected);
    }
  });

  it("replace within an object", async () => {
    const [key, next] = [await begin(store, { subject: `cleo-${loss}` }), await newKey(store, `cleo-${loss}`)];
    const moving = lost("replace", 2).store.replace(key, next, add("a"), record({ subject: `cleo-${loss}` }), NEW_ID);
    expect(await moving).toEqual({ ok: true, version: 2 });
    expect(await dataOf(next)).toEqual([{ a: true }, 2]);
    expect((await stored(key)).ids?.sort()).toEqual([key.id, next.id].sort());
  });

  it.each(["load", "create", "leave"])("replace between objects, %s", async (method) => {
    const [key, next] = [await begin(store), await newKey(store, `dora-${method}-${loss}`)];
    const moving = lost(method, 2).store.replace(key, next, add("a"), record({ subject: "dora" }), LOGIN);
    expect(await moving).toEqual({ ok: true, version: 2 });
    expect(await dataOf(next)).toEqual([{ a: true }, 2]);
    expect(await dataOf(key)).toEqual({ movedAt: NOW, to: next, by: "login" });
  });

  it("touch, load, list, remove and removeAll", async () => {
    const key = await begin(store, { subject: `emil-${loss}` });
    expect(await lost("touch").store.touch(key, slide)).toBe(true);
    expect(await lost("load").store.load(key, { now: NOW })).toEqual(record({ subject: `emil-${loss}` }));
    expect(await lost("list").store.list(`emil-${loss}`)).toHaveLength(1);
    await lost("removeAll").store.removeAll(`emil-${loss}`);
    expect(await stored(key)).toEqual(NOTHING);
    const other = await begin(store);
    await lost("remove").store.remove(other);
    expect(await stored(other)).toEqual(NOTHING);
  });
});

describe("an object that cannot be reached", () => {
  it("is asked three times, each time by a new stub, 50 to 200 milliseconds apart", async () => {
    const key = await begin(store);
    const lossy = deaf("load", { times: Number.POSITIVE_INFINITY });
    await expect(lossy.store.load(key, { now: NOW })).rejects.toMatchObject({ code: "UNREACHABLE", retryable: true });
    expect(lossy.stubs).toEqual([key.route, key.route, key.route]);
    expect(lossy.waits).toHaveLength(2);
    for (const wait of lossy.waits) {
      expect(wait).toBeGreaterThanOrEqual(50);
      expect(wait).toBeLessThanOrEqual(200);
    }
  });

  it("is asked once when it has too much to do", async () => {
    let calls = 0;
    const busy = durableObject(
      between(() => {
        calls++;
        return Promise.reject(failure("overloaded"));
      }),
    );
    await expect(busy.load(await newKey(store), { now: NOW })).rejects.toMatchObject({ code: "OVERLOADED", retryable: false });
    expect(calls).toBe(1);
  });

  it("really: an object that is reset after it carried out a call is asked again, and answers as it did", async () => {
    const key = await begin(store, { subject: "finn" });
    let calls = 0;
    const reset = () => runInDurableObject(objectOf(key), (_object, state) => state.abort("reset"));
    const lossy = durableObject(
      between(async (_name, _route, call) => {
        const answer = await call();
        return calls++ === 0 ? reset() : answer;
      }),
      { wait: async () => {} },
    );
    await expect(reset()).rejects.toMatchObject({ durableObjectReset: true });
    expect(await lossy.update(key, add("a"), slide)).toEqual({ ok: true, version: 2 });
    expect(calls).toBe(2);
    expect(await dataOf(key)).toEqual([{ a: true }, 2]);
  });

  it("and is reset at each try is a failure that may be tried again", async () => {
    const key = await begin(store);
    const lossy = deaf("update", { times: Number.POSITIVE_INFINITY, loss: "reset" });
    const updating = lossy.store.update(key, add("a"), slide);
    await expect(updating).rejects.toMatchObject({ code: "RESET", retryable: true });
    expect(lossy.stubs).toEqual([key.route, key.route, key.route]);
  });

  it("is asked once when it was reset because it had too much to do", async () => {
    const busy = Object.assign(failure("reset"), { overloaded: true });
    const asking = durableObject(between(() => Promise.reject(busy))).load(await newKey(store), { now: NOW });
    await expect(asking).rejects.toMatchObject({ code: "OVERLOADED", retryable: false });
  });

  it("fails a request with 503, and never logs anybody out", async () => {
    const key = await begin(store, { subject: "gwen" });
    const sessionsOf = (kept: DurableObjectStore) => createSessions({ secrets: SECRET, store: kept });
    let down = false;
    const lossy = durableObject(between((_name, _route, call) => (down ? Promise.reject(failure("overloaded")) : call())));
    const login = sessionsOf(lossy).handler(async (_request, session) => {
      session.login("gwen");
      return new Response("in");
    });
    const cookie = (await login(new Request("https://app.example.com/"))).headers.getSetCookie()[0]?.split(";")[0] ?? "";
    down = true;
    const read = sessionsOf(lossy).handler(async (_request, session) => new Response(session.subject ?? "nobody"));
    const request = new Request("https://app.example.com/", { headers: { Cookie: cookie } });
    const outcome = await read(request).then(
      (response) => ({ status: response.status, cookies: response.headers.getSetCookie() }),
      (error: { status: number; message: string }) => ({ status: error.status, message: error.message }),
    );
    expect(outcome).toMatchObject({ status: 503, message: "Cannot load the session: the store failed (OVERLOADED)" });
    down = false;
    expect(await (await read(request.clone())).text()).toBe("gwen");
    expect((await stored(key)).ids).toHaveLength(2);
  });
});

describe("a binding that cannot work", () => {
  it.each<[string, unknown, string]>([
    ["nothing", undefined, "the binding is missing. Add to wrangler.toml:"],
    ["null", null, "the binding is missing. Add to wrangler.toml:"],
    ["a text", "SESSIONS", "it is not a Durable Object binding. Add to wrangler.toml:"],
    ["a KV namespace", env.SESSIONS_KV, "it is not a Durable Object binding. Add to wrangler.toml:"],
    ["an object of the namespace", env.SESSIONS.getByName("one").id, "it is not a Durable Object binding. Add to wrangler.toml:"],
  ])("is refused at once, with the lines to add: %s", (_what, binding, message) => {
    const making = () => durableObject(binding as never);
    expect(making).toThrow(OptionError);
    expect(making).toThrow(`Cannot keep sessions in Durable Objects: ${message}`);
  });

  // What wrangler dev, where several Workers run at the same time, and Cloudflare's Vitest plugin say.
  it.each([
    [
      'Worker does not export a Durable Object class named "SessionObject"',
      "the Worker does not export the class of the binding. Add to wrangler.toml:",
    ],
    [
      "/shop/src/index.ts does not export a SessionObject Durable Object",
      "the Worker does not export the class of the binding. Add to wrangler.toml:",
    ],
    [
      'Worker "sessions" not found. Make sure it is running locally.',
      "the Worker in script_name is not running here. Start it too: npx wrangler dev, in its folder",
    ],
  ])("is told at the first use what is missing: %s", async (said, message) => {
    const asking = durableObject(between(() => Promise.reject(new TypeError(said)))).load(await newKey(store), { now: NOW });
    await expect(asking).rejects.toThrow(OptionError);
    await expect(asking).rejects.toThrow(`Cannot keep sessions in Durable Objects: ${message}`);
  });
});
