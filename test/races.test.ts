/** Requests at the same time: every order in which they are saved, and every order in which their answers arrive. */
import { describe, expect, it } from "vitest";
import { createSessions, type Session, type SessionStore } from "../src/index.ts";
import { memory } from "../src/stores/memory.ts";
import { makeApp } from "./support/app.ts";
import { Browser } from "./support/browser.ts";
import { Clock, HOUR, MINUTE } from "./support/clock.ts";
import { SECRET } from "./support/secrets.ts";

type Act = (session: Session) => unknown;

/** Requests that have all loaded their session before any is saved. */
class Crowd {
  readonly clock = new Clock();
  readonly store: SessionStore | undefined;
  readonly browser: Browser;
  readonly #gates = new Map<string, () => void>();
  readonly #answers = new Map<string, Promise<Response>>();
  readonly #acts: Record<string, Act>;

  constructor(acts: Record<string, Act>, store: SessionStore | undefined) {
    this.#acts = acts;
    this.store = store;
    const sessions = createSessions({ secrets: SECRET, now: this.clock.now, ...(store && { store }) });
    const serve = sessions.handler(async (request, session) => {
      const name = new URL(request.url).pathname.slice(1);
      if (request.headers.has("x-wait")) await new Promise<void>((open) => this.#gates.set(name, open));
      return new Response(String((await this.#acts[name]?.(session)) ?? ""));
    });
    this.browser = new Browser(serve, this.clock);
  }

  /** Sends a request now, and holds it after its session is loaded. */
  async start(name: string): Promise<void> {
    this.#answers.set(name, this.browser.ask(`/${name}`, { headers: { "x-wait": "1" } }));
    while (!this.#gates.has(name)) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets a request that waits do its work and save. */
  async finish(name: string): Promise<void> {
    this.#gates.get(name)?.();
    await this.#answers.get(name);
  }

  /** Its answer reaches the browser. */
  async receive(name: string): Promise<void> {
    this.browser.receive((await this.#answers.get(name)) as Response);
  }

  async ask(name: string): Promise<string> {
    return (await this.browser.visit(`/${name}`)).text();
  }
}

function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, first] of items.entries()) {
    for (const rest of orders([...items.slice(0, index), ...items.slice(index + 1)])) yield [first, ...rest];
  }
}

const ACTS: Record<string, Act> = {
  "first-visit": (session) => {
    session.data.views = 1;
  },
  arrive: (session) => {
    session.data.cart = "apple";
  },
  poll: (session) => session.data.cart,
  write: (session) => {
    session.data.written = "yes";
  },
  other: (session) => {
    session.data.other = "yes";
  },
  login: (session) => session.login("alice"),
  relogin: (session) => session.login("bob"),
  regenerate: (session) => session.regenerateId(),
  logout: (session) => session.logout(),
  who: (session) => session.subject ?? "nobody",
  all: (session) => JSON.stringify(session.data),
  count: (session) =>
    session.update((data) => {
      data.count = Number(data.count ?? 0) + 1;
    }),
  flash: (session) => session.flash("notice", "hello"),
};

describe("a login with a slow poll, a write, and a late answer to the first visit", () => {
  const parallel = ["first-visit", "poll", "write", "login"];

  /** The first visit leaves without a cookie; the others with that of the visitor who came in between. */
  async function play(store: SessionStore | undefined, saved: string[], received: string[]): Promise<Crowd> {
    const crowd = new Crowd(ACTS, store);
    await crowd.start("first-visit");
    await crowd.ask("arrive");
    crowd.clock.pass(7 * HOUR);
    for (const name of ["poll", "write", "login"]) await crowd.start(name);
    for (const name of saved) await crowd.finish(name);
    for (const name of received) await crowd.receive(name);
    return crowd;
  }

  it("leaves the user logged in, with every write that was saved before the login, in every order", async () => {
    for (const saved of orders(parallel)) {
      for (const received of orders(parallel)) {
        const crowd = await play(memory(), saved, received);
        const story = `saved ${saved}; received ${received}`;
        expect(await crowd.ask("who"), story).toBe("alice");
        const data = JSON.parse(await crowd.ask("all"));
        const inTime = saved.indexOf("write") < saved.indexOf("login");
        expect(data, story).toEqual(inTime ? { cart: "apple", written: "yes" } : { cart: "apple" });
        expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
      }
    }
  });

  it("leaves the user logged in, in every order, also when the session is in its cookie", async () => {
    for (const saved of orders(parallel)) {
      for (const received of orders(parallel)) {
        const crowd = await play(undefined, saved, received);
        expect(await crowd.ask("who"), `saved ${saved}; received ${received}`).toBe("alice");
      }
    }
  });
});

describe("requests of a user whose session changes its id, its user, or ends", () => {
  async function play(acts: string[], saved: string[], received: string[]): Promise<Crowd> {
    const crowd = new Crowd(ACTS, memory());
    await crowd.ask("login");
    crowd.clock.pass(7 * HOUR);
    for (const name of acts) await crowd.start(name);
    for (const name of saved) await crowd.finish(name);
    for (const name of received) await crowd.receive(name);
    // Later than an old id may be read, and later than its mark is kept.
    crowd.clock.pass(2 * MINUTE);
    return crowd;
  }

  async function everyOrder(
    acts: string[],
    check: (crowd: Crowd, saved: string[], story: string) => Promise<void>,
  ): Promise<void> {
    for (const saved of orders(acts)) {
      for (const received of orders(acts)) {
        await check(await play(acts, saved, received), saved, `saved ${saved}; received ${received}`);
      }
    }
  }

  it("regenerateId() logs nobody out, makes no second session, and keeps what was saved before it", async () => {
    await everyOrder(["poll", "write", "other", "regenerate"], async (crowd, saved, story) => {
      expect(await crowd.ask("who"), story).toBe("alice");
      const data = JSON.parse(await crowd.ask("all"));
      for (const [act, key] of [
        ["write", "written"],
        ["other", "other"],
      ] as const) {
        if (saved.indexOf(act) < saved.indexOf("regenerate")) expect(data[key], story).toBe("yes");
      }
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
    });
  });

  it("a login as another user wins over every request of the first, and takes nothing over", async () => {
    await everyOrder(["poll", "write", "other", "relogin"], async (crowd, _saved, story) => {
      expect(await crowd.ask("who"), story).toBe("bob");
      expect(await crowd.ask("all"), story).toBe("{}");
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
    });
  });

  it("a logout ends the session for good, whatever slow requests still write", async () => {
    await everyOrder(["poll", "write", "other", "logout"], async (crowd, _saved, story) => {
      expect(await crowd.ask("who"), story).toBe("nobody");
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
    });
  });

  it("a logout ends the session also when another request gave it a new id", async () => {
    await everyOrder(["regenerate", "logout", "write"], async (crowd, _saved, story) => {
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
      expect(await crowd.ask("who"), story).toBe("nobody");
    });
  });

  it("two logins at the same time both log in", async () => {
    await everyOrder(["login", "relogin"], async (crowd, _saved, story) => {
      expect(["alice", "bob"], story).toContain(await crowd.ask("who"));
    });
  });
});

describe("six requests at the same time, their answers in every order", () => {
  const others = ["poll", "write", "other", "count", "flash"];

  /** Each order of answers, with one of the orders in which they are saved; all of those come up as well. */
  async function everyAnswer(
    begin: string,
    change: string,
    check: (crowd: Crowd, inTime: (name: string) => boolean, story: string) => Promise<void>,
  ): Promise<void> {
    const all = [...orders([...others, change])];
    for (const [index, received] of all.entries()) {
      // 271 and 720 have no common divisor, so this meets every order once.
      const saved = all[(index * 271) % all.length] ?? [];
      const crowd = new Crowd(ACTS, memory());
      await crowd.ask(begin);
      crowd.clock.pass(7 * HOUR);
      for (const name of [...others, change]) await crowd.start(name);
      for (const name of saved) await crowd.finish(name);
      for (const name of received) await crowd.receive(name);
      crowd.clock.pass(2 * MINUTE);
      const inTime = (name: string) => saved.indexOf(name) < saved.indexOf(change);
      await check(crowd, inTime, `saved ${saved}; received ${received}`);
    }
  }

  async function expectWritesInTime(crowd: Crowd, inTime: (name: string) => boolean, story: string): Promise<void> {
    const data = JSON.parse(await crowd.ask("all"));
    if (inTime("write")) expect(data.written, story).toBe("yes");
    if (inTime("other")) expect(data.other, story).toBe("yes");
    if (inTime("count")) expect(data.count, story).toBe(1);
  }

  it("a visitor's login: he is logged in, with what was saved before", async () => {
    await everyAnswer("arrive", "login", async (crowd, inTime, story) => {
      expect(await crowd.ask("who"), story).toBe("alice");
      await expectWritesInTime(crowd, inTime, story);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
    });
  });

  it("a login as another user: it wins, and takes nothing over", async () => {
    await everyAnswer("login", "relogin", async (crowd, _inTime, story) => {
      expect(await crowd.ask("who"), story).toBe("bob");
      expect(await crowd.ask("all"), story).toBe("{}");
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
      expect(await crowd.store?.list?.("bob"), story).toHaveLength(1);
    });
  });

  it("regenerateId(): nobody is logged out, there is one session, with what was saved before", async () => {
    await everyAnswer("login", "regenerate", async (crowd, inTime, story) => {
      expect(await crowd.ask("who"), story).toBe("alice");
      await expectWritesInTime(crowd, inTime, story);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
    });
  });

  it("a logout: the session is dead, and stays dead", async () => {
    await everyAnswer("login", "logout", async (crowd, _inTime, story) => {
      expect(await crowd.ask("who"), story).toBe("nobody");
      expect(await crowd.ask("all"), story).toBe("{}");
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
    });
  });
});

describe("requests that arrive with an old id", () => {
  it("read the session for 10 seconds after regenerateId(), and write nothing", async () => {
    const { does, browser, clock, events, sessions } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = "apple";
    });
    const late = browser.copy();
    await does((session) => session.regenerateId());
    expect(await does((session) => session.data.cart, late)).toBe("apple");
    const headers = { Cookie: late.cookieHeader() };
    expect((await sessions.read(new Request("https://app.example.com", { headers })))?.data.cart).toBe("apple");
    await does((session) => {
      session.data.cart = "pear";
    }, late);
    expect(await does((session) => session.data.cart)).toBe("apple");
    expect(events).toContainEqual(expect.objectContaining({ type: "moved", reason: "commit" }));
    clock.pass(11);
    expect(await does((session) => session.data.cart, late)).toBeUndefined();
  });

  it("are told nothing after a login, and set no cookie", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = "apple";
    });
    const late = browser.copy();
    await does((session) => session.login("alice"));
    const before = late.cookieHeader();
    await does((session) => {
      expect(session.data.cart).toBeUndefined();
      expect(session.subject).toBeUndefined();
      session.data.cart = "pear";
    }, late);
    expect(late.cookieHeader()).toBe(before);
  });

  it("may still log in", async () => {
    const { does, browser } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = "apple";
    });
    const late = browser.copy();
    await does((session) => session.login("alice"));
    await does((session) => session.login("alice"), late);
    expect(await does((session) => session.subject, late)).toBe("alice");
  });
});
