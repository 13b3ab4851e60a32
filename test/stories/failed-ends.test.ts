/** Ends hold, whatever else of a request fails: a logout is carried out where no answer can carry a cookie any more. */
import { describe, expect, it } from "vitest";
import { schema } from "../../src/features/schema.ts";
import type { Session, StoredOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { failingStore } from "../support/failing-store.ts";

const USED: Record<string, unknown> = {};

/** An application in which alice is logged in, and who else has her cookie. */
async function loggedIn(more: Partial<StoredOptions> = {}) {
  const app = makeApp({ store: memory(), ...more });
  await app.does((session) => {
    session.login("alice");
    session.data.cart = ["apple"];
  });
  return { ...app, others: app.browser.copy() };
}

const noThree = schema({
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) =>
      (value as { count?: unknown }).count === "three" ? { issues: [{ message: "no" }] } : { value: value as object },
  },
});

const FAILURES: [string, (session: Session) => unknown][] = [
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
  ["rejects", () => Promise.reject(new Error("broken"))],
  ["answers with no response", () => USED],
  ["puts what JSON cannot carry into the next session", (session) => Object.assign(session.data, { at: new Date(0) })],
  ["puts what does not fit the schema into the next session", (session) => Object.assign(session.data, { count: "three" })],
  [
    "forgets a call that fails",
    (session) => {
      session.update(() => {
        throw new Error("broken");
      });
    },
  ],
];

describe("a request that ends its session and then", () => {
  it.each(FAILURES)("%s has ended it", async (_what, fail) => {
    const { sessions, does, others, browser } = await loggedIn({ schema: noThree });
    const handler = sessions.handler(async (_request, session) => {
      session.logout();
      const result = await fail(session as Session);
      return result === USED ? (undefined as never) : new Response("done");
    });
    const request = new Request("https://app.example.com/", { headers: { Cookie: browser.cookieHeader() } });
    await expect(handler(request)).rejects.toThrow();
    expect(await sessions.list("alice")).toEqual([]);
    expect(await does((session) => session.subject, others)).toBe(undefined);
  });

  it("failed, as apply() may be told, has ended it and keeps nothing else", async () => {
    const { sessions, browser } = await loggedIn();
    const session = await sessions.load({ headers: new Headers({ Cookie: browser.cookieHeader() }) });
    session.logout();
    session.data.note = "of the next session";
    const answer = await sessions.apply(session, new Response("no", { status: 500 }), { failed: true });
    browser.receive(answer);
    expect([await sessions.list("alice"), browser.cookies.size]).toEqual([[], 0]);
  });
});

describe("a request that fails", () => {
  it("and only changed its session leaves it as it was", async () => {
    const { does, sessions } = await loggedIn();
    let held: Session | undefined;
    const failing = does((session) => {
      held = session;
      session.data.cart = [];
      throw new Error("broken");
    });
    await expect(failing).rejects.toThrow("broken");
    expect(held?.data).toEqual({ cart: ["apple"] });
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", ["apple"]]);
    expect(await sessions.list("alice")).toHaveLength(1);
  });

  it("after save() wrote a login leaves no session that nobody has the cookie of", async () => {
    const { does, sessions, newBrowser } = await loggedIn();
    const failing = does(async (session) => {
      session.login("bob");
      await session.save();
      throw new Error("broken");
    }, newBrowser());
    await expect(failing).rejects.toThrow("broken");
    expect(await sessions.list("bob")).toEqual([]);
  });

  it("where the store fails at the end, too, reports its own error", async () => {
    const store = failingStore();
    const { does, events } = await loggedIn({ store });
    store.fail("remove");
    const failing = does((session) => {
      session.logout();
      throw new Error("broken");
    });
    await expect(failing).rejects.toThrow("broken");
    expect(events).toContainEqual({ type: "store-error", operation: "remove" });
  });
});
