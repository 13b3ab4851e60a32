/** What was answered as done is done: requests at once, what each was told, and whether that was true. */
import { describe, expect, it } from "vitest";
import { createSessions, type Session, type SessionEvent, type StoredOptions } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { Browser } from "../support/browser.ts";
import { Clock } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";
import { slow } from "../support/slow-store.ts";

const STORES = [
  ["memory", () => memory()],
  ["SQLite", () => sqlite(":memory:")],
] as const;

interface Data {
  credits: number;
  tries: number;
  coupon: string;
  note: string;
  cart: string[];
}

/** A shop; its requests are POST, and their answers say what was done. */
function makeShop(store: DefinedStore, more: Partial<StoredOptions> = {}) {
  const clock = new Clock();
  const events: SessionEvent[] = [];
  const onEvent = (event: SessionEvent) => events.push(event);
  const sessions = createSessions<Data>({ secrets: SECRET, now: clock.now, onEvent, ...more, store });
  const acts: Record<string, (session: Session<Data>) => unknown> = {
    begin: (session) => Object.assign(session.data, { credits: 1, coupon: "one free meal", cart: ["apple"] }),
    see: (session) => [session.subject ?? null, session.data],
    gift: (session) =>
      session.update((data) => {
        if ((data.credits ?? 0) < 1) return false;
        data.credits = (data.credits ?? 0) - 1;
        return true;
      }),
    guess: (session) =>
      session.update((data) => {
        data.tries = (data.tries ?? 0) + 1;
        return data.tries <= 3;
      }),
    note: (session) => {
      session.data.note = "written";
    },
    renew: (session) => session.regenerateId(),
    rotate: (session) => session.regenerateId({ graceSeconds: 10 }),
    login: (session) => session.login("alice"),
    loginAndCount: async (session) => {
      session.login("alice");
      return session.update((data) => {
        data.tries = (data.tries ?? 0) + 1;
        return data.tries;
      });
    },
    logout: (session) => session.logout(),
  };
  const serve = sessions.handler(async (request, session) => {
    const result = await acts[new URL(request.url).pathname.slice(1)]?.(session);
    return Response.json(result ?? "done");
  });
  const browser = new Browser(serve, clock);
  const ask = (name: string) => browser.ask(`/${name}`, { method: "POST" });
  /** One request, whose answer the browser gets. */
  async function does(name: string): Promise<{ status: number; said: unknown }> {
    const response = await ask(name);
    browser.receive(response);
    return { status: response.status, said: response.ok ? await response.json() : null };
  }
  return { sessions, clock, events, browser, ask, does, serve };
}

const said = async (response: Response) => (response.ok ? ((await response.json()) as unknown) : response.status);

describe.each(STORES)("with %s", (_name, makeStore) => {
  it.each(["renew", "login"])(
    "the cookie from before %s gets no gift, however often it asks, and the credit is spent once",
    async (act) => {
      const { does, browser, ask } = makeShop(makeStore());
      await does("begin");
      await does("login");
      await does("begin");
      const old = browser.copy();
      await does(act);
      const late = await Promise.all(Array.from({ length: 25 }, () => old.ask("/gift", { method: "POST" })));
      expect(new Set(late.map(({ status }) => status))).toEqual(new Set([409]));
      const now = await Promise.all(Array.from({ length: 25 }, () => ask("gift")));
      expect((await Promise.all(now.map(said))).filter((gift) => gift === true)).toHaveLength(1);
      expect((await does("see")).said).toEqual(["alice", { credits: 0, coupon: "one free meal", cart: ["apple"] }]);
    },
  );

  it("a limit of three tries holds, also for guesses with the cookie from before a new id", async () => {
    const { does, browser } = makeShop(makeStore());
    await does("login");
    const old = browser.copy();
    await does("renew");
    const browsers = [browser, old];
    const guesses = await Promise.all(
      Array.from({ length: 40 }, (_, index) => (browsers[index % 2] as Browser).ask("/guess", { method: "POST" })),
    );
    expect((await Promise.all(guesses.map(said))).filter((allowed) => allowed === true)).toHaveLength(3);
  });

  it.each(["logout", "login", "renew"])("of twenty requests under way during a %s, each gift was paid for", async (act) => {
    const { does, ask, sessions, browser } = makeShop(slow(makeStore()));
    await does("login");
    await does("begin");
    const gifts = Array.from({ length: 20 }, () => ask("gift"));
    const [ending, ...answers] = await Promise.all([ask(act), ...gifts]);
    browser.receive(ending);
    const all = await Promise.all(answers.map(said));
    const given = all.filter((gift) => gift === true).length;
    expect(given).toBeLessThanOrEqual(1);
    for (const one of all) expect([true, false, 409]).toContain(one);
    const left = await sessions.read({ headers: new Headers({ Cookie: browser.cookieHeader() }) });
    if (act === "logout") expect(left).toBe(null);
    else expect(left?.data.credits).toBe(1 - given);
  });

  it("a change with the cookie from before another answer's new id is refused, not dropped", async () => {
    const { does, browser, events } = makeShop(makeStore());
    await does("login");
    const tab = browser.copy();
    await does("renew");
    const refused = await tab.ask("/note", { method: "POST" });
    expect([refused.status, refused.headers.get("Retry-After"), refused.headers.getSetCookie()]).toEqual([409, "1", []]);
    expect(events.filter(({ type }) => type === "lost")).toEqual([]);
    // With the cookie that the browser has by now, the same request works.
    expect((await does("note")).status).toBe(200);
    expect((await does("see")).said).toEqual(["alice", { note: "written" }]);
  });

  it("the old id neither reads nor acts after a new one, at once and ten seconds later", async () => {
    const { does, browser, clock } = makeShop(makeStore());
    await does("login");
    await does("begin");
    const old = browser.copy();
    await does("renew");
    for (const wait of [0, 5, 10, 61]) {
      clock.pass(wait);
      expect(await said(await old.ask("/see", { method: "POST" }))).toEqual([null, {}]);
    }
  });

  it("in grace the old id is the session itself, and not a second longer", async () => {
    const { does, browser, clock } = makeShop(makeStore());
    await does("login");
    await does("begin");
    const old = browser.copy();
    await does("rotate");
    clock.pass(9);
    const answer = await old.ask("/note", { method: "POST" });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    expect((await does("see")).said).toEqual([
      "alice",
      { credits: 1, coupon: "one free meal", cart: ["apple"], note: "written" },
    ]);
    clock.pass(1);
    expect((await old.ask("/note", { method: "POST" })).status).toBe(409);
    expect(await said(await old.ask("/see"))).toEqual([null, {}]);
  });

  it.each(["renew", "login", "logout"])("a grace ends with %s of the session", async (act) => {
    const { does, browser } = makeShop(makeStore());
    await does("login");
    await does("begin");
    const old = browser.copy();
    await does("rotate");
    await does(act);
    expect(await said(await old.ask("/see"))).toEqual([null, {}]);
    expect((await old.ask("/gift", { method: "POST" })).status).toBe(act === "logout" ? 200 : 409);
  });

  it("twenty logins of one visitor make one session with their coupon", async () => {
    const { does, ask, sessions } = makeShop(slow(makeStore()));
    await does("begin");
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("login")));
    const cookies = answers.map((answer) =>
      answer.headers
        .getSetCookie()
        .map((line) => line.split(";")[0])
        .join("; "),
    );
    const seen = await Promise.all(cookies.map((Cookie) => sessions.read({ headers: new Headers({ Cookie }) })));
    expect(seen.every((one) => one?.subject === "alice")).toBe(true);
    expect(new Set(seen.map((one) => one?.id)).size).toBe(1);
    expect(seen[0]?.data.coupon).toBe("one free meal");
    expect(await sessions.list("alice")).toHaveLength(1);
  });

  it("logins at once that count, and join one session, count together", async () => {
    const { does, ask, sessions } = makeShop(slow(makeStore()));
    await does("begin");
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask("loginAndCount")));
    const counts = (await Promise.all(answers.map(said))).filter((count) => typeof count === "number");
    expect(counts.sort((left, right) => Number(left) - Number(right))).toEqual(counts.map((_, index) => index + 1));
    expect(counts.length).toBeGreaterThan(0);
    expect(await sessions.list("alice")).toHaveLength(1);
  });

  it("a double click on a login, whose first answer never arrives, leaves the user logged in with what they had", async () => {
    const { does, ask, browser } = makeShop(makeStore());
    await does("begin");
    const [, second] = [await ask("login"), await ask("login")];
    browser.receive(second);
    expect((await does("see")).said).toEqual(["alice", { credits: 1, coupon: "one free meal", cart: ["apple"] }]);
  });

  it("a double click on a new id, both sent before either is answered, leaves the session in reach", async () => {
    const { does, ask, browser } = makeShop(slow(makeStore()));
    await does("login");
    await does("begin");
    const [, second] = await Promise.all([ask("renew"), ask("renew")]);
    browser.receive(second);
    expect((await does("see")).said).toEqual(["alice", { credits: 1, coupon: "one free meal", cart: ["apple"] }]);
  });

  it("a failed handler takes back a new id and a login that were not written", async () => {
    const { clock, sessions, does, browser } = makeShop(makeStore());
    await does("begin");
    for (const act of ["regenerateId", "login"] as const) {
      const failing = sessions.handler((_request, session) => {
        session.data.note = "of a request that failed";
        if (act === "login") session.login("alice");
        else session.regenerateId();
        throw new Error("a fault of the application");
      });
      const twin = new Browser(failing, clock);
      for (const [name, held] of browser.cookies) twin.cookies.set(name, held);
      await expect(twin.visit("/")).rejects.toThrow("a fault of the application");
    }
    expect((await does("see")).said).toEqual([null, { credits: 1, coupon: "one free meal", cart: ["apple"] }]);
    expect(await sessions.list("alice")).toEqual([]);
  });

  it("revokeAll() spares the session that asks, also when it has just asked for a new id", async () => {
    const store = makeStore();
    const { does, clock, sessions, browser, serve } = makeShop(store);
    await does("login");
    await does("begin");
    const elsewhere = new Browser(serve, clock);
    await elsewhere.visit("/login", { method: "POST" });
    const password = sessions.handler(async (_request, session) => {
      session.regenerateId();
      await sessions.revokeAll("alice", { except: session.id });
      return new Response();
    });
    const twin = new Browser(password, clock);
    for (const [name, held] of browser.cookies) twin.cookies.set(name, held);
    browser.receive(await twin.visit("/"));
    expect((await does("see")).said).toEqual(["alice", { credits: 1, coupon: "one free meal", cart: ["apple"] }]);
    expect(await sessions.list("alice")).toHaveLength(1);
    expect(await said(await elsewhere.ask("/see"))).toEqual([null, {}]);
  });
});
