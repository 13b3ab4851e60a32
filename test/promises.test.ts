/** The promises of the README, one test or more for each, under its name. */
import { describe, expect, it } from "vitest";
import { createSessions, type SessionStore } from "../src/index.ts";
import { memory } from "../src/stores/memory.ts";
import { makeApp } from "./support/app.ts";
import { FailingStore } from "./support/failing-store.ts";
import { SECRET } from "./support/secrets.ts";

describe("Promise 1: nothing for nobody", () => {
  it("an anonymous request whose session is untouched sets no cookie, changes no header and asks no store", async () => {
    const store = new FailingStore();
    const { answers } = makeApp({ store });
    const response = await answers(() => new Response("page", { headers: { "Cache-Control": "public, max-age=60" } }));
    expect(Object.fromEntries(response.headers)).toEqual({
      "cache-control": "public, max-age=60",
      "content-type": "text/plain;charset=UTF-8",
    });
    expect(store.calls).toEqual([]);
  });

  it("an anonymous request that only reads its session writes no store and sets no cookie", async () => {
    const store = new FailingStore();
    const { answers } = makeApp({ store });
    const response = await answers((session) => session.data.views);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(store.calls).toEqual([]);
  });

  it("creating the manager draws nothing at random and starts nothing", () => {
    const { getRandomValues } = crypto;
    crypto.getRandomValues = () => {
      throw new Error("random values drawn at module load");
    };
    try {
      expect(createSessions({ secrets: SECRET, store: memory() })).toHaveProperty("load");
    } finally {
      crypto.getRandomValues = getRandomValues;
    }
  });
});

describe("Promise 2: saved before answered", () => {
  for (const operation of ["create", "update", "replace", "remove"] as const) {
    it(`the response waits for the store: ${operation}`, async () => {
      let finished = false;
      const inner = memory();
      const slow: SessionStore = Object.create(inner, {});
      for (const name of ["load", "create", "update", "replace", "touch", "remove"] as const) {
        slow[name] = async (...args: never[]) => {
          await new Promise((resolve) => setImmediate(resolve));
          const result = await (inner[name] as (...args: never[]) => Promise<never>)(...args);
          if (name === operation) finished = true;
          return result;
        };
      }
      const { does, answers } = makeApp({ store: slow });
      if (operation !== "create") await does((session) => session.login("alice"));
      await answers((session) => {
        if (operation === "remove") session.destroy();
        else if (operation === "replace") session.regenerateId();
        else session.data.views = 1;
      });
      expect(finished).toBe(true);
    });
  }

  it("a failed write is an error, never a silent 200", async () => {
    const store = new FailingStore();
    store.fail("create");
    const { answers } = makeApp({ store });
    await expect(
      answers((session) => {
        session.data.views = 1;
      }),
    ).rejects.toMatchObject({ code: "ERR_STORE", status: 503, operation: "create" });
  });
});

describe("Promise 3: no lost update", () => {
  it("100 parallel requests that set 100 different keys all survive", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const keys = Array.from({ length: 100 }, (_, index) => `key${index}`);
    const set = (key: string) =>
      does(async (session) => {
        await new Promise((resolve) => setImmediate(resolve));
        session.data[key] = key;
      }, browser.copy());
    await Promise.all(keys.map(set));
    expect(Object.keys(await does((session) => session.data)).sort()).toEqual(keys.sort());
  });

  it("100 parallel update() calls count to 100", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const increment = () =>
      does(
        (session) =>
          session.update((data) => {
            data.count = Number(data.count ?? 0) + 1;
          }),
        browser.copy(),
      );
    await Promise.all(Array.from({ length: 100 }, increment));
    expect(await does((session) => session.data.count)).toBe(100);
  });
});

describe("Promise 4: no resurrection", () => {
  it("a destroyed session stays dead, whatever a slow request still writes", async () => {
    const { does, browser, events } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const slow = browser.copy();
    const thief = browser.copy();
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const writing = does(async (session) => {
      await gate;
      session.data.cart = "pear";
      session.flash("notice", "still here");
    }, slow);
    await new Promise((resolve) => setImmediate(resolve));
    await does((session) => session.destroy());
    go();
    await writing;
    for (const visitor of [browser, slow, thief]) {
      expect(await does((session) => [session.subject, session.data.cart, session.isNew], visitor)).toEqual([
        undefined,
        undefined,
        true,
      ]);
    }
    expect(events).toContainEqual(expect.objectContaining({ type: "unknown", reason: "commit" }));
  });

  it("update() of a destroyed session writes nothing", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    const slow = browser.copy();
    await does(async (session) => {
      await does((inner) => inner.destroy(), browser);
      await session.update((data) => {
        data.cart = "pear";
      });
    }, slow);
    expect(await does((session) => session.subject, slow)).toBeUndefined();
    expect(await does((session) => session.data.cart, slow)).toBeUndefined();
  });
});

describe("Promise 5: secure by default", () => {
  it("the cookie has the __Host- prefix, Secure, HttpOnly, SameSite=Lax, Path=/ and no Domain", async () => {
    const { answers } = makeApp();
    const [line] = (await answers((session) => session.login("alice"))).headers.getSetCookie();
    expect(line).toMatch(/^__Host-session=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });

  it("data in a cookie is encrypted", async () => {
    const { answers } = makeApp();
    const response = await answers((session) => {
      session.data.note = "for my eyes only";
      session.login("alice@example.com");
    });
    const [line = ""] = response.headers.getSetCookie();
    const parts = line.split(/[=;.]/).map((part) => Buffer.from(part, "base64url").toString("latin1"));
    expect(parts.join(" ")).not.toMatch(/my eyes|alice/);
  });

  it("a response with a session cookie is kept by no cache", async () => {
    const { answers } = makeApp();
    const response = await answers((session) => session.login("alice"));
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });

  it("a login gives a new id by construction", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = "apple";
    });
    const planted = browser.copy();
    await does((session) => session.login("alice"));
    expect(await does((session) => session.subject, planted)).toBeUndefined();
  });

  it("a dump of the store logs nobody in", async () => {
    const store = memory();
    const { does, newBrowser } = makeApp({ store });
    await does((session) => session.login("alice"));
    const [info] = (await store.list?.("alice")) ?? [];
    for (const name of ["__Host-session", "__Host-session-visitor"]) {
      const thief = newBrowser();
      thief.cookies.set(name, { value: String(info?.id), endsAt: Number.POSITIVE_INFINITY });
      expect(await does((session) => session.subject, thief)).toBeUndefined();
    }
  });

  it("weak, missing and placeholder secrets are refused at creation", () => {
    for (const secrets of ["", "short", "a".repeat(64), [], [undefined], "your-secret-key-change-this-in-production"]) {
      expect(() => createSessions({ secrets }), String(secrets)).toThrow(expect.objectContaining({ code: "ERR_SECRET" }));
    }
  });
});

describe("Promise 6: hostile input returns, faults throw", () => {
  it("a broken store throws a StoreError that tells nothing of what was in it", async () => {
    const store = new FailingStore();
    const { answers, does } = makeApp({ store });
    await does((session) => session.login("alice"));
    store.fail("load");
    const error = await answers(() => {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "StoreError", code: "ERR_STORE", status: 503, expose: false, operation: "load" });
    expect(error).not.toHaveProperty("cause");
    expect((error as Error).message).toBe("Cannot load the session: the store failed (Error)");
  });
});
