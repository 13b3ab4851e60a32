/** The promises of the README, one test or more for each, under its name. */
import { createSessions, type Session } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { expect, failureOf } from "../../src/testing/adapter/expect.ts";
import { makeApp } from "../support/app.ts";
import { around } from "../support/changed-store.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";
import { chapter, everybodyElse, type Story, story } from "./story.ts";

/** The stories, by promise. */
export const promises: Story[] = [
  ...chapter("Promise 1: anonymous visitors cost nothing", [
    story("an anonymous request whose session is untouched sets no cookie, changes no header and asks no store", async () => {
      const store = failingStore();
      const { answers } = makeApp({ store });
      const page = () => new Response("page", { headers: { "Cache-Control": "public, max-age=60" } });
      expect([...(await answers(page)).headers]).toEqual([...page().headers]);
      expect(store.calls).toEqual([]);
    }),

    story("an anonymous request that only reads its session writes no store and sets no cookie", async () => {
      const store = failingStore();
      const { answers } = makeApp({ store });
      const response = await answers((session) => session.data.views);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect(store.calls).toEqual([]);
    }),

    story("creating the manager draws nothing at random and starts nothing", () => {
      const { getRandomValues } = crypto;
      crypto.getRandomValues = () => {
        throw new Error("random values drawn at module load");
      };
      try {
        expect(typeof createSessions({ secrets: SECRET, store: memory() }).load).toBe("function");
      } finally {
        crypto.getRandomValues = getRandomValues;
      }
    }),
  ]),

  ...chapter("Promise 2: saved means saved", [
    ...(["create", "update", "replace", "remove"] as const).map((operation) =>
      story(`the response waits for the store: ${operation}`, async () => {
        let finished = false;
        const slow = around(memory(), async (name, call) => {
          await everybodyElse();
          const result = await call();
          if (name === operation) finished = true;
          return result;
        });
        const { does, answers } = makeApp({ store: slow });
        if (operation !== "create") await does((session) => session.login("alice"));
        await answers((session) => {
          if (operation === "remove") session.destroy();
          else if (operation === "replace") session.regenerateId();
          else session.data.views = 1;
        });
        expect(finished).toBe(true);
      }),
    ),

    story("a failed write is an error, never a silent 200", async () => {
      const store = failingStore();
      store.fail("create");
      const { answers } = makeApp({ store });
      const error = await failureOf(
        answers((session) => {
          session.data.views = 1;
        }),
      );
      expect(error).toMatchObject({ code: "ERR_STORE", status: 503, operation: "create" });
    }),

    ...(["regenerateId", "login"] as const).map((act) =>
      story(`a write that comes after a ${act} elsewhere is an answer of 409, never a silent 200`, async () => {
        const { does, posts, answers, events, browser } = makeApp({ store: memory() });
        await does((session) => session.login("alice"));
        const tab = browser.copy();
        let written = 0;
        const write = async (session: Session) => {
          await does((other) => (act === "login" ? other.login("alice") : other.regenerateId()), tab);
          written++;
          session.data.cart = "pear";
        };
        const answer = await answers(write, {}, "POST");
        expect([answer.status, answer.headers.getSetCookie()]).toEqual([409, []]);
        expect(written).toBe(1);
        expect(events.filter(({ type }) => type === "lost")).toEqual([]);
        await posts((session) => Object.assign(session.data, { late: true }), tab);
        expect({ ...(await does((session) => session.data, tab)) }).toEqual({ late: true });
      }),
    ),

    story("a write of a GET request that comes too late is dropped, and an event says so, once", async () => {
      const { does, events, browser } = makeApp({ store: memory() });
      await does((session) => session.login("alice"));
      const tab = browser.copy();
      const id = await does((session) => session.id);
      await does(async (session) => {
        await does((other) => other.regenerateId(), tab);
        session.data.cart = "pear";
        session.flash("notice", "pears");
      });
      expect(events.filter(({ type }) => type === "lost")).toEqual([{ type: "lost", id, reason: "moved" }]);
      expect({ ...(await does((session) => session.data, tab)) }).toEqual({});
    }),

    story("update() returns nothing that it did not write, and does not run its change for nothing", async () => {
      for (const end of ["regenerateId", "login", "destroy"] as const) {
        const { does, browser } = makeApp({ store: memory() });
        await does((session) => {
          session.login("alice");
          session.data.credits = 1;
        });
        const tab = browser.copy();
        let [runs, told]: [number, unknown] = [0, undefined];
        await does(async (session) => {
          await does((other) => (end === "login" ? other.login("alice") : other[end]()), tab);
          told = await failureOf(
            session.update((data) => {
              runs++;
              data.credits = 0;
              return "a gift";
            }),
          );
        });
        expect(told).toMatchObject({ code: "ERR_SESSION_GONE", status: 409, why: end === "destroy" ? "ended" : "moved" });
        expect(runs).toBe(0);
        expect(await does((session) => session.data.credits, tab)).toBe(end === "destroy" ? undefined : 1);
      }
    }),
  ]),

  ...chapter("Promise 3: no lost updates", [
    story("100 parallel requests that set 100 different keys all survive", async () => {
      const { does, browser } = makeApp({ store: memory() });
      await does((session) => session.login("alice"));
      const keys = Array.from({ length: 100 }, (_, index) => `key${index}`);
      const set = (key: string) =>
        does(async (session) => {
          await everybodyElse();
          session.data[key] = key;
        }, browser.copy());
      await Promise.all(keys.map(set));
      expect(Object.keys(await does((session) => session.data)).sort()).toEqual(keys.sort());
    }),

    story("100 parallel update() calls count to 100", async () => {
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
    }),
  ]),

  ...chapter("Promise 4: no resurrection", [
    story("a destroyed session stays dead, whatever a slow request still writes", async () => {
      const { does, browser, events } = makeApp({ store: memory() });
      await does((session) => session.login("alice"));
      const id = await does((session) => session.id);
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
      await everybodyElse();
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
      expect(events.filter(({ type }) => type === "lost")).toEqual([{ type: "lost", id, reason: "ended" }]);
    }),

    story("update() of a destroyed session writes nothing", async () => {
      const { does, browser } = makeApp({ store: memory() });
      await does((session) => session.login("alice"));
      const slow = browser.copy();
      let told: unknown;
      await does(async (session) => {
        await does((inner) => inner.destroy(), browser);
        told = await failureOf(
          session.update((data) => {
            data.cart = "pear";
          }),
        );
      }, slow);
      expect(told).toMatchObject({ code: "ERR_SESSION_GONE", why: "ended" });
      expect(await does((session) => session.subject, slow)).toBe(undefined);
      expect(await does((session) => session.data.cart, slow)).toBe(undefined);
    }),
  ]),

  ...chapter("Promise 5: secure by default", [
    story("the cookie has the __Host-Http- prefix, Secure, HttpOnly, SameSite=Lax, Path=/ and no Domain", async () => {
      const { answers } = makeApp();
      const [line] = (await answers((session) => session.login("alice"))).headers.getSetCookie();
      expect(line).toMatch(
        new RegExp(String.raw`^${USER_COOKIE}=[\w.-]+; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax$`),
      );
    }),

    story("data in a cookie is encrypted", async () => {
      const { answers } = makeApp();
      const response = await answers((session) => {
        session.data.note = "for my eyes only";
        session.login("alice@example.com");
      });
      const [line = ""] = response.headers.getSetCookie();
      const parts = line.split(/[=;.]/).map((part) => plain(part));
      expect(parts.join(" ")).not.toMatch(/my eyes|alice/);
    }),

    story("a response with a session cookie is kept by no cache", async () => {
      const { answers } = makeApp();
      const response = await answers((session) => session.login("alice"));
      expect(response.headers.get("Cache-Control")).toBe("no-store");
    }),

    story("a login gives a new id by construction", async () => {
      const { does, browser } = makeApp({ store: memory() });
      await does((session) => {
        session.data.cart = "apple";
      });
      const planted = browser.copy();
      await does((session) => session.login("alice"));
      expect(await does((session) => session.subject, planted)).toBe(undefined);
    }),

    story("a dump of the store logs nobody in", async () => {
      const store = memory();
      const { does, newBrowser } = makeApp({ store });
      await does((session) => session.login("alice"));
      const [info] = (await store.list?.("alice")) ?? [];
      for (const name of [USER_COOKIE, VISITOR_COOKIE]) {
        const thief = newBrowser();
        thief.cookies.set(name, { value: String(info?.id), endsAt: Number.POSITIVE_INFINITY });
        expect(await does((session) => session.subject, thief)).toBe(undefined);
      }
    }),

    story("weak, missing and placeholder secrets are refused at creation", async () => {
      for (const secrets of ["", "short", "a".repeat(64), [], [undefined], "your-secret-key-change-this-in-production"]) {
        expect(await failureOf(() => createSessions({ secrets }))).toMatchObject({ code: "ERR_SECRET" });
      }
    }),
  ]),

  ...chapter("Promise 6: hostile input returns, faults throw", [
    story("a broken store throws a StoreError that tells nothing of what was in it", async () => {
      const store = failingStore();
      const { answers, does } = makeApp({ store });
      await does((session) => session.login("alice"));
      store.fail("load");
      const error = await answers(() => {}).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "StoreError", code: "ERR_STORE", status: 503, expose: false, operation: "load" });
      expect("cause" in (error as object)).toBe(false);
      expect((error as Error).message).toBe("Cannot load the session: the store failed (Error)");
    }),
  ]),
];

/** What stands in base64url, if it is that. */
function plain(part: string): string {
  try {
    return atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return part;
  }
}
