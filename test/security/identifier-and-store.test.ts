/** Section A of docs/security.md: the session's id, and where sessions are kept. */

import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ownTokens } from "../../src/accept/own.ts";
import { copy } from "../../src/features/copy.ts";
import { createSessions, type Session, type SessionOptions, type StoredSessions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { cookieFor } from "../../src/testing/index.ts";
import { type App, makeApp } from "../support/app.ts";
import type { Browser } from "../support/browser.ts";
import { withMethods } from "../support/changed-store.ts";
import { DAY, HOUR, MINUTE } from "../support/clock.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";

const who = ({ does }: App, browser?: Browser) => does((session) => session.subject, browser);

/** Holds a POST request after it has loaded its session, until `go` is called. */
function held(app: App, browser: Browser, act: Parameters<App["does"]>[0]) {
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const done = app.posts(async (session, request) => {
    await gate;
    return act(session, request);
  }, browser);
  done.catch(() => {});
  return { done, go };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** A user, their browser as it is now, and five requests of it that have loaded the session and wait. */
async function fiveOnTheirWay() {
  const app = makeApp({ store: memory() });
  await app.does((session) => session.login("alice"));
  const old = app.browser.copy();
  const slow = Array.from({ length: 5 }, (_, index) =>
    held(app, old.copy(), (session) => Object.assign(session.data, { [`key${index}`]: index })),
  );
  await nextTurn();
  return { app, old, slow };
}

async function ageInStore(session: Session): Promise<number> {
  await session.ready({ fresh: true });
  return session.loginAge;
}

describe("A: session identifier and store", () => {
  it("A1 ids are 24 bytes of the platform's secure randomness, and of nothing else", async () => {
    const { getRandomValues, randomUUID } = crypto;
    const { random } = Math;
    const drawn: string[] = [];
    crypto.getRandomValues = ((bytes: Uint8Array<ArrayBuffer>) => {
      getRandomValues.call(crypto, bytes);
      for (let at = 0; at + 24 <= bytes.length; at += 24)
        drawn.push(Buffer.from(bytes.subarray(at, at + 24)).toString("base64url"));
      return bytes;
    }) as never;
    const refuse = () => {
      throw new Error("not a source of ids");
    };
    crypto.randomUUID = refuse;
    Math.random = refuse;
    const ids = new Set<string>();
    const ones = new Uint32Array(192);
    const count = 100_000;
    try {
      const { sessions } = makeApp({ store: failingStore() });
      for (let made = 0; made < count; made++) {
        const { id } = await sessions.load({ headers: { get: () => null } });
        ids.add(id);
        const bytes = Buffer.from(id, "base64url");
        for (let bit = 0; bit < 192; bit++) ones[bit] = Number(ones[bit]) + (((bytes[bit >> 3] as number) >> (bit & 7)) & 1);
      }
    } finally {
      Object.assign(crypto, { getRandomValues, randomUUID });
      Math.random = random;
    }
    // The first ids may have been drawn before; from the first draw on, they are what was drawn, in order, and each once.
    const made = [...ids];
    const before = made.indexOf(drawn[0] as string);
    expect(before).toBeLessThan(16);
    expect(made.slice(before)).toEqual(drawn.slice(0, count - before));
    expect(ids.size).toBe(count);
    expect(Math.min(...ones) / count).toBeGreaterThan(0.49);
    expect(Math.max(...ones) / count).toBeLessThan(0.51);
  });

  it("A2 an id that the store does not know is never adopted, and reading creates nothing", async () => {
    const store = failingStore();
    const app = makeApp({ store });
    const elsewhere: SessionOptions = { secrets: SECRET, store: memory(), now: app.clock.now };
    for (const subject of [undefined, "alice"]) {
      const Cookie = await cookieFor(elsewhere, subject === undefined ? {} : { subject });
      const foreign = await createSessions(elsewhere).read(new Request("https://a/", { headers: { Cookie } }));
      store.calls.length = 0;
      await app.answers((session) => session.data.views, { Cookie });
      expect(store.calls).toEqual(["load"]);
      let id = "";
      await app.answers(
        (session) => {
          session.data.views = 1;
          id = session.id;
        },
        { Cookie },
      );
      expect(id).not.toBe(foreign?.id);
      expect(await store.load({ id: foreign?.id as string }, { now: app.clock.now() })).toBeNull();
    }
  });

  it("A3 a login changes the id whatever the handler does, and every id from before is dead at once", async () => {
    const app = makeApp({ store: memory() });
    await app.does((session) => Object.assign(session.data, { cart: "apple" }));
    const planted = app.browser.copy();
    await app.does((session) => session.login("alice"));
    expect(await app.does((session) => [session.subject, session.data.cart])).toEqual(["alice", "apple"]);
    expect(await app.does((session) => [session.subject, session.data.cart], planted)).toEqual([undefined, undefined]);
    const stolen = app.browser.copy();
    await app.does((session) => session.login("alice"));
    expect(await who(app)).toBe("alice");
    expect(await who(app, stolen)).toBeUndefined();
  });

  it("A4 requests on the way during a new id log nobody out, make no second session, and are told what they did not write; the old id is dead at once", async () => {
    const { app, old, slow } = await fiveOnTheirWay();
    await app.does((session) => session.regenerateId());
    for (const { go } of slow) go();
    for (const { done } of slow) await expect(done).rejects.toThrow("409");
    expect(await who(app)).toBe("alice");
    expect(await app.sessions.list("alice")).toHaveLength(1);
    for (const seconds of [0, 5, 10, 60]) {
      app.clock.pass(seconds);
      expect(await who(app, old.copy())).toBeUndefined();
      await app.does((session) => Object.assign(session.data, { late: true }), old.copy());
      expect(await app.does((session) => ({ ...session.data }))).toEqual({});
    }
    await app.does((session) => session.logout());
    expect(await app.sessions.list("alice")).toEqual([]);
    expect(await who(app, old.copy())).toBeUndefined();
  });

  it("A4 with a grace that the application asked for, the old id is the session itself until then, and no longer", async () => {
    const { app, old, slow } = await fiveOnTheirWay();
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }));
    for (const { go } of slow) go();
    await Promise.all(slow.map(({ done }) => done));
    await app.posts((session) => Object.assign(session.data, { late: true }), old.copy());
    expect(await who(app, old.copy())).toBe("alice");
    expect(await app.does((session) => Object.keys(session.data).sort())).toEqual([
      ...["key0", "key1", "key2", "key3", "key4"],
      "late",
    ]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
    app.clock.pass(10);
    expect(await who(app, old.copy())).toBeUndefined();
    await app.does((session) => session.logout());
    expect(await who(app, old.copy())).toBeUndefined();
    for (const graceSeconds of [-1, 61, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await app.does((session) => expect(() => session.regenerateId({ graceSeconds })).toThrow("graceSeconds"));
    }
  });

  it("A5 what a store holds is no cookie, and cannot be made one without the secret", async () => {
    const seen: string[] = [];
    const inner = memory();
    const noting =
      <Args extends unknown[], Result>(method: (...args: Args) => Result) =>
      (...args: Args): Result => {
        seen.push(JSON.stringify(args));
        return method(...args);
      };
    const store = withMethods(inner, {
      create: noting(inner.create),
      update: noting(inner.update),
      replace: noting(inner.replace),
    });
    const app = makeApp({ store });
    await app.does((session) => Object.assign(session.data, { cart: "apple" }));
    await app.does((session) => session.login("alice"));
    const [[name, { value }]] = [...app.browser.cookies] as unknown as [[string, { value: string }]];
    const dump = seen.join("\n");
    expect(dump).toContain('"subject":"alice"');
    expect(dump).not.toContain(value);
    const { id } = (await app.sessions.list("alice"))[0] as { id: string };
    const claims = Buffer.from(JSON.stringify({ sid: id, start: 1_800_000_000, iat: 1_800_000_000, exp: 1_900_000_000 }));
    for (const made of [id, `${value.split(".")[0]}.${claims.toString("base64url")}.`, claims.toString("base64url")]) {
      const thief = app.newBrowser();
      thief.cookies.set(name, { value: made, endsAt: Number.POSITIVE_INFINITY });
      expect(await who(app, thief)).toBeUndefined();
    }
  });

  it("A6 no store is asked for an id of another form, even in a token that was signed with our secret", async () => {
    const store = failingStore();
    const app = makeApp({ store });
    // What seals tokens as the application does, and any id into them.
    const { seal } = ownTokens({ secrets: SECRET, kind: "id" });
    const start = app.clock.now();
    const ids = [
      "../../etc/passwd",
      "a\0aaaaaaaaaaaaaa",
      "a\naaaaaaaaaaaaaaa",
      "x".repeat(2000),
      "__proto__",
      "",
      "\ud800".repeat(20),
    ];
    for (const sid of [...ids, "é".repeat(20), "a".repeat(14), "a".repeat(65), "a b c d e f g h i", 'a"aaaaaaaaaaaaaaa']) {
      const token = await seal({ sid, start, iat: start, exp: start + HOUR });
      const isNew: boolean[] = [];
      await app.answers((session) => isNew.push(session.isNew), {
        Cookie: `${USER_COOKIE}=${token}; ${VISITOR_COOKIE}=${token}`,
      });
      expect(isNew).toEqual([true]);
    }
    expect(store.calls).toEqual([]);
    const good = await seal({ sid: "a".repeat(32), start, iat: start, exp: start + HOUR });
    await app.answers((session) => expect(session.isNew).toBe(true), { Cookie: `${USER_COOKIE}=${good}` });
    expect(store.calls).toEqual(["load"]);
  });

  it("A7 after a logout the cookie from before opens nothing", async () => {
    for (const more of [{}, { copy: copy({ maxAge: 60 }) }]) {
      const app = makeApp({ store: memory(), ...more });
      await app.does((session) => session.login("alice"));
      const stolen = app.browser.copy();
      await app.does((session) => session.logout());
      expect(app.browser.cookies.size).toBe(0);
      // Somebody who copied the copy too has it until it is too old.
      app.clock.pass("copy" in more ? 60 : 0);
      expect(await who(app, stolen)).toBeUndefined();
    }
  });

  it("A7 without a store a cookie that was copied before the logout is good until it expires, as documented", async () => {
    const app = makeApp({ idleTimeout: HOUR });
    await app.does((session) => session.login("alice"));
    const stolen = app.browser.cookieHeader();
    await app.does((session) => session.logout());
    expect(app.browser.cookies.size).toBe(0);
    const subjects: (string | undefined)[] = [];
    const replay = () => app.answers((session) => subjects.push(session.subject), { Cookie: stolen });
    app.clock.pass(HOUR - 1);
    await replay();
    app.clock.pass(1);
    await replay();
    expect(subjects).toEqual(["alice", undefined]);
  });

  it("A8 a slow request does not bring back a session that ended meanwhile", async () => {
    const app = makeApp({ store: memory() });
    await app.does((session) => session.login("alice"));
    const thief = app.browser.copy();
    const write = held(app, app.browser.copy(), (session) => Object.assign(session.data, { cart: "apple" }));
    const told = [
      held(app, app.browser.copy(), (session) => {
        session.data.cart = "plum";
        return session.save();
      }),
      held(app, app.browser.copy(), (session) => session.update((data) => Object.assign(data, { cart: "pear" }))),
      held(app, app.browser.copy(), (session) => session.regenerateId()),
      held(app, app.browser.copy(), (session) => session.regenerateId({ graceSeconds: 10 })),
    ];
    await nextTurn();
    await app.does((session) => session.logout());
    app.events.length = 0;
    for (const { go } of [write, ...told]) go();
    // What was not asked for an answer counts as made just before the end; whoever asked is told.
    await write.done;
    for (const { done } of told) await expect(done).rejects.toThrow("409");
    // The change that save() could not write is dropped beside an answer of 409: that is reported, too.
    const lost = { type: "lost", id: expect.any(String), reason: "ended" };
    expect(app.events).toEqual([lost, lost]);
    expect(await who(app, thief)).toBeUndefined();
    expect(await app.sessions.list("alice")).toEqual([]);
  });

  it("A9 parallel requests that change different keys lose nothing, and update() loses nothing of one key", async () => {
    const app = makeApp({ store: memory() });
    await app.does((session) => session.login("alice"));
    const slow = Array.from({ length: 10 }, (_, index) =>
      held(app, app.browser.copy(), async (session) => {
        session.data[`key${index}`] = true;
        await session.update((data) => Object.assign(data, { count: Number(data.count ?? 0) + 1 }));
      }),
    );
    await nextTurn();
    for (const { go } of slow) go();
    await Promise.all(slow.map(({ done }) => done));
    const data = await app.does((session) => ({ ...session.data }));
    expect(data.count).toBe(10);
    expect(Object.keys(data)).toHaveLength(11);
  });

  it("A10 a session that is not used ends on the server, though its cookie is still sent", async () => {
    for (const options of [{}, { store: memory() }, { store: memory(), anonymous: "cookie" as const }]) {
      for (const act of [(session: { login(name: string): void }) => session.login("alice"), undefined]) {
        const app = makeApp({ idleTimeout: HOUR, ...options });
        await app.does((session) => (act === undefined ? Object.assign(session.data, { cart: 1 }) : act(session)));
        const Cookie = app.browser.cookieHeader();
        const isNew: boolean[] = [];
        const ask = () => app.answers((session) => isNew.push(session.isNew), { Cookie });
        app.clock.pass(HOUR - 1);
        await app.sessions.read(new Request("https://a/", { headers: { Cookie } }));
        app.clock.pass(2);
        await ask();
        expect(isNew).toEqual([true]);
      }
    }
  });

  it("A11 no use moves the absolute limit, nor does a new id; a login restarts it", async () => {
    for (const options of [{}, { store: memory() }]) {
      const app = makeApp({ idleTimeout: HOUR, absoluteTimeout: DAY, ...options });
      await app.does((session) => session.login("alice"));
      const ended = app.clock.now() + DAY;
      for (let use = 0; app.clock.now() + HOUR / 2 < ended; use++) {
        app.clock.pass(HOUR / 2);
        expect(await app.does((session) => (use === 5 ? session.regenerateId() : session.subject) ?? session.subject)).toBe(
          "alice",
        );
      }
      app.clock.pass(HOUR / 2 - 1);
      expect(await who(app)).toBe("alice");
      const Cookie = app.browser.cookieHeader();
      app.clock.pass(1);
      let subject: string | undefined = "unasked";
      await app.answers((session) => (subject = session.subject), { Cookie });
      expect(subject).toBeUndefined();
    }
    const app = makeApp({ idleTimeout: HOUR, absoluteTimeout: 2 * HOUR, store: memory() });
    for (let login = 0; login < 5; login++) {
      await app.does((session) => session.login("alice"));
      app.clock.pass(HOUR - 1);
      expect(await who(app)).toBe("alice");
    }
  });

  it("A12 all other sessions of a user can be listed and ended, and nobody else's", async () => {
    const app = makeApp({ store: memory() });
    const browsers = [app.browser, app.newBrowser(), app.newBrowser(), app.newBrowser()];
    for (const [index, browser] of browsers.entries())
      await app.does((session) => session.login(index === 3 ? "bob" : "alice"), browser);
    const current = await app.does((session) => session.id);
    expect(await app.sessions.list("alice", { current })).toHaveLength(3);
    expect(await app.sessions.revokeAll("alice", { except: current })).toEqual({ count: 2, effect: "now" });
    const left: (string | undefined)[] = [];
    for (const browser of browsers) left.push(await who(app, browser));
    expect(left).toEqual(["alice", undefined, undefined, "bob"]);
  });

  it("A12 without a store there is nothing to end, and asking for it throws rather than pretend", () => {
    for (const options of [{}, { readable: true }]) {
      const sessions = makeApp(options).sessions as StoredSessions;
      for (const name of ["list", "revoke", "revokeAll"] as const) {
        expect(name in sessions).toBe(false);
        expect(() => sessions[name]("alice", "id" as never)).toThrow(TypeError);
      }
    }
  });

  it("A13 a store that fails makes an error and no cookie, and never a session from memory", async () => {
    for (const operation of ["load", "create", "update", "replace", "remove"] as const) {
      const store = failingStore();
      const app = makeApp({ store });
      await app.does((session) => session.login("alice"));
      await who(app);
      const cookies = app.browser.cookieHeader();
      store.fail(operation);
      const asked = app.answers(
        (session) => {
          if (operation === "remove") session.destroy();
          else if (operation === "replace") session.login("bob");
          else session.data.cart = "apple";
        },
        { Cookie: operation === "create" ? "" : cookies },
      );
      await expect(asked, operation).rejects.toMatchObject({ code: "ERR_STORE", status: 503 });
      store.recover();
      expect(await who(app)).toBe("alice");
    }
  });

  it("A13 with onStoreError anonymous the request sees nobody, and nothing is written", async () => {
    const store = failingStore();
    const app = makeApp({ store, onStoreError: "anonymous" });
    await app.does((session) => session.login("alice"));
    store.fail("load");
    const seen: unknown[] = [];
    const response = await app.answers((session) => seen.push(session.subject), { Cookie: app.browser.cookieHeader() });
    expect([seen, response.headers.getSetCookie()]).toEqual([[undefined], []]);
    const changing = app.answers((session) => session.login("mallory"), { Cookie: app.browser.cookieHeader() });
    await expect(changing).rejects.toMatchObject({ code: "ERR_STORE" });
  });

  it("A14 loginAge says how many seconds ago the login was, and is endless for nobody and while only a copy is known", async () => {
    for (const options of [{}, { store: memory() }, { store: memory(), copy: copy({ maxAge: 300 }) }]) {
      const app = makeApp(options);
      expect(await app.does((session) => session.loginAge)).toBe(Number.POSITIVE_INFINITY);
      await app.does((session) => session.login("alice"));
      const ages = () =>
        app.does(async (session) => {
          const before = session.loginAge;
          await session.ready({ fresh: true });
          return [before, session.loginAge];
        });
      app.clock.pass(5 * MINUTE - 1);
      expect(await ages()).toEqual(["copy" in options ? Number.POSITIVE_INFINITY : 299, 299]);
      app.clock.pass(2);
      expect(await ages()).toEqual(["copy" in options ? Number.POSITIVE_INFINITY : 301, 301]);
      const stolen = app.browser.copy();
      await app.does((session) => session.login("alice"));
      expect(await app.does(ageInStore)).toBe(0);
      if (options.store !== undefined) expect(await app.does(ageInStore, stolen)).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it("A16 a change is seen by its text, not by a weak hash of it", async () => {
    const [before, after] = ["ha7e5a0r0y", "c9txtu0ksu"];
    expect(crc32(JSON.stringify({ note: before }))).toBe(crc32(JSON.stringify({ note: after })));
    for (const options of [{}, { store: memory() }]) {
      const app = makeApp(options);
      await app.does((session) => Object.assign(session.data, { note: before }));
      await app.does((session) => Object.assign(session.data, { note: after }));
      expect(await app.does((session) => session.data.note)).toBe(after);
    }
  });
});
