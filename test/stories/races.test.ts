/** Requests at the same time: every order in which they are saved, and every order in which their answers arrive. */
import { describe, expect, it } from "vitest";
import { createSessions, type Session, type SessionEvent } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { Browser } from "../support/browser.ts";
import { Clock, HOUR, MINUTE } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";

type Act = (session: Session) => unknown;

/** Requests that have all loaded their session before any is saved. */
class Crowd {
  readonly clock = new Clock();
  readonly store: DefinedStore | undefined;
  readonly browser: Browser;
  readonly events: SessionEvent[] = [];
  readonly #gates = new Map<string, () => void>();
  readonly #answers = new Map<string, Promise<Response>>();
  readonly #acts: Record<string, Act>;

  constructor(acts: Record<string, Act>, store: DefinedStore | undefined) {
    this.#acts = acts;
    this.store = store;
    const onEvent = (event: SessionEvent) => this.events.push(event);
    const sessions = createSessions({ secrets: SECRET, now: this.clock.now, onEvent, ...(store && { store }) });
    const serve = sessions.handler(async (request, session) => {
      const name = new URL(request.url).pathname.slice(1);
      if (request.headers.has("x-wait")) await new Promise<void>((open) => this.#gates.set(name, open));
      return new Response(String((await this.#acts[name]?.(session)) ?? ""));
    });
    this.browser = new Browser(serve, this.clock);
  }

  /** Sends a request now, and holds it after its session is loaded. */
  async start(name: string): Promise<void> {
    const method = name === "poll" ? "GET" : "POST";
    this.#answers.set(name, this.browser.ask(`/${name}`, { method, headers: { "x-wait": "1" } }));
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

  /** What a request was told. */
  async told(name: string): Promise<"done" | "gone" | "failed"> {
    const { status } = (await this.#answers.get(name)) as Response;
    return status === 200 ? "done" : status === 409 ? "gone" : "failed";
  }

  /** How many changes were dropped of which nobody was told. */
  get lost(): number {
    return this.events.filter(({ type }) => type === "lost").length;
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
  rotate: (session) => session.regenerateId({ graceSeconds: 10 }),
  logout: (session) => session.logout(),
  who: (session) => session.subject ?? "nobody",
  all: (session) => JSON.stringify(session.data),
  count: (session) =>
    session.update((data) => {
      data.count = Number(data.count ?? 0) + 1;
    }),
  flash: (session) => session.flash("notice", "hello"),
  notice: (session) => session.takeFlash("notice") ?? "",
};

describe("a login with a slow poll, a write, and a late answer to the first visit", () => {
  const parallel = ["first-visit", "poll", "write", "login"];

  /** The first visit leaves without a cookie; the others with that of the visitor who came in between. */
  async function play(store: DefinedStore | undefined, saved: string[], received: string[]): Promise<Crowd> {
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
        expect([await crowd.told("write"), await crowd.told("login")], story).toEqual([inTime ? "done" : "gone", "done"]);
        expect(crowd.lost, story).toBe(0);
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
        const inTime = saved.indexOf(act) < saved.indexOf("regenerate");
        expect([data[key], await crowd.told(act)], story).toEqual(inTime ? ["yes", "done"] : [undefined, "gone"]);
      }
      expect([await crowd.told("poll"), await crowd.told("regenerate"), crowd.lost], story).toEqual(["done", "done", 0]);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
    });
  });

  it("regenerateId() with grace logs nobody out, makes no second session, and keeps whatever was answered", async () => {
    await everyOrder(["poll", "write", "other", "rotate"], async (crowd, _saved, story) => {
      expect(await crowd.ask("who"), story).toBe("alice");
      expect(JSON.parse(await crowd.ask("all")), story).toEqual({ written: "yes", other: "yes" });
      for (const name of ["poll", "write", "other", "rotate"]) expect(await crowd.told(name), story).toBe("done");
      expect(crowd.lost, story).toBe(0);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
    });
  });

  it("a login as another user wins over every request of the first, and takes nothing over", async () => {
    await everyOrder(["poll", "write", "other", "relogin"], async (crowd, saved, story) => {
      expect(await crowd.ask("who"), story).toBe("bob");
      expect(await crowd.ask("all"), story).toBe("{}");
      for (const act of ["write", "other"]) {
        const inTime = saved.indexOf(act) < saved.indexOf("relogin");
        expect(await crowd.told(act), story).toBe(inTime ? "done" : "gone");
      }
      expect(crowd.lost, story).toBe(0);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
    });
  });

  it("a logout ends the session for good, whatever slow requests still write", async () => {
    await everyOrder(["poll", "write", "other", "logout"], async (crowd, saved, story) => {
      expect(await crowd.ask("who"), story).toBe("nobody");
      // As if they had been just before the end.
      for (const name of ["poll", "write", "other", "logout"]) expect(await crowd.told(name), story).toBe("done");
      const late = ["write", "other"].filter((act) => saved.indexOf(act) > saved.indexOf("logout"));
      expect(crowd.lost, story).toBe(late.length);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
    });
  });

  it("a logout ends the session also when another request gave it a new id", async () => {
    for (const renew of ["regenerate", "rotate"]) {
      await everyOrder([renew, "logout", "write"], async (crowd, saved, story) => {
        expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
        expect(await crowd.ask("who"), story).toBe("nobody");
        const [renewed, ended, written] = [renew, "logout", "write"].map((act) => saved.indexOf(act)) as [number, number, number];
        expect(await crowd.told(renew), story).toBe(ended < renewed ? "gone" : "done");
        // Out of reach from a new id without grace on; and dropped, as if it had been just before, from the end on.
        const isOut = renew === "regenerate" && renewed < written && written < ended;
        expect(await crowd.told("write"), story).toBe(isOut ? "gone" : "done");
        expect(crowd.lost, story).toBe(ended < written ? 1 : 0);
      });
    }
  });

  it("two logins at the same time both log in", async () => {
    await everyOrder(["login", "relogin"], async (crowd, _saved, story) => {
      expect([await crowd.told("login"), await crowd.told("relogin")], story).toEqual(["done", "done"]);
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

  const writers = ["write", "other", "count", "flash"];

  /** What was answered as done is there, and the others were told. */
  async function expectWritesInTime(crowd: Crowd, inTime: (name: string) => boolean, story: string): Promise<void> {
    const data = JSON.parse(await crowd.ask("all"));
    expect([data.written, data.other, data.count], story).toEqual([
      inTime("write") ? "yes" : undefined,
      inTime("other") ? "yes" : undefined,
      inTime("count") ? 1 : undefined,
    ]);
    expect(await crowd.ask("notice"), story).toBe(inTime("flash") ? "hello" : "");
    await expectTold(crowd, inTime, story);
  }

  async function expectTold(crowd: Crowd, inTime: (name: string) => boolean, story: string): Promise<void> {
    for (const name of writers) expect(await crowd.told(name), `${name}: ${story}`).toBe(inTime(name) ? "done" : "gone");
    expect(crowd.lost, story).toBe(0);
  }

  it("a visitor's login: they are logged in, with what was saved before", async () => {
    await everyAnswer("arrive", "login", async (crowd, inTime, story) => {
      expect(await crowd.ask("who"), story).toBe("alice");
      await expectWritesInTime(crowd, inTime, story);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
    });
  });

  it("a login as another user: it wins, and takes nothing over", async () => {
    await everyAnswer("login", "relogin", async (crowd, inTime, story) => {
      await expectTold(crowd, inTime, story);
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

  it("regenerateId() with grace: nobody is logged out, there is one session, with all that was answered", async () => {
    await everyAnswer("login", "rotate", async (crowd, _inTime, story) => {
      expect(await crowd.ask("who"), story).toBe("alice");
      await expectWritesInTime(crowd, () => true, story);
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(1);
    });
  });

  it("a logout: the session is dead, and stays dead", async () => {
    await everyAnswer("login", "logout", async (crowd, inTime, story) => {
      for (const name of ["write", "other", "flash"]) expect(await crowd.told(name), story).toBe("done");
      expect(await crowd.told("count"), story).toBe(inTime("count") ? "done" : "gone");
      expect(crowd.lost, story).toBe(["write", "other", "flash"].filter((name) => !inTime(name)).length);
      expect(await crowd.ask("who"), story).toBe("nobody");
      expect(await crowd.ask("all"), story).toBe("{}");
      expect(await crowd.store?.list?.("alice"), story).toHaveLength(0);
    });
  });
});

describe("requests that arrive with an old id", () => {
  it("neither read nor write after regenerateId(), and are told so", async () => {
    const { does, posts, browser, events, sessions } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    await does((session) => {
      session.data.cart = "apple";
    });
    const late = browser.copy();
    await does((session) => session.regenerateId());
    const before = late.cookieHeader();
    expect(await does((session) => [session.subject, session.gone, { ...session.data }], late)).toEqual([undefined, "moved", {}]);
    const headers = { Cookie: late.cookieHeader() };
    expect(await sessions.read(new Request("https://app.example.com", { headers }))).toBeNull();
    const write = (session: Session) => {
      session.data.cart = "pear";
    };
    events.length = 0;
    await expect(posts(write, late)).rejects.toThrow("409");
    expect(events.filter(({ type }) => type === "lost")).toEqual([]);
    await does(write, late);
    expect(events.filter(({ type }) => type === "lost")).toEqual([{ type: "lost", id: expect.any(String), reason: "moved" }]);
    expect(late.cookieHeader()).toBe(before);
    expect(await does((session) => session.data.cart)).toBe("apple");
  });

  it("are the session itself in grace, and not a second longer", async () => {
    const { does, posts, browser, clock, events, sessions } = makeApp({ store: memory() });
    await does((session) => session.login("alice"));
    await does((session) => {
      session.data.cart = "apple";
    });
    const late = browser.copy();
    await does((session) => session.regenerateId({ graceSeconds: 10 }));
    expect(await does((session) => session.data.cart, late)).toBe("apple");
    const headers = { Cookie: late.cookieHeader() };
    expect((await sessions.read(new Request("https://app.example.com", { headers })))?.data.cart).toBe("apple");
    await posts((session) => {
      session.data.cart = "pear";
    }, late);
    expect(await does((session) => session.data.cart)).toBe("pear");
    expect(events).not.toContainEqual(expect.objectContaining({ type: "lost" }));
    clock.pass(10);
    expect(await does((session) => [session.data.cart, session.gone], late)).toEqual([undefined, "moved"]);
  });

  it("of a user are told nothing after a login, and set no cookie", async () => {
    const { does, posts, browser } = makeApp({ store: memory() });
    await does((session) => {
      session.login("alice");
      session.data.cart = "apple";
    });
    const late = browser.copy();
    await does((session) => session.login("bob"));
    const before = late.cookieHeader();
    const write = (session: Session) => {
      expect([session.subject, session.gone, session.data.cart]).toEqual([undefined, "moved", undefined]);
      session.data.cart = "pear";
    };
    await does(write, late);
    await expect(posts(write, late)).rejects.toThrow("409");
    expect(late.cookieHeader()).toBe(before);
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["bob", undefined]);
  });

  it("of a visitor are told nothing after a login, and begin anew in a cookie that displaces no user", async () => {
    const { does, posts, browser } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = "apple";
    });
    const late = browser.copy();
    await does((session) => session.login("alice"));
    await posts((session) => {
      expect([session.subject, session.gone, session.data.cart, session.isNew]).toEqual([undefined, "moved", undefined, true]);
      session.data.cart = "pear";
    }, late);
    expect(await does((session) => session.data.cart, late)).toBe("pear");
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", "apple"]);
    // What that answer set arrives beside the user's cookie, and the user stays logged in.
    for (const [name, held] of late.cookies) browser.cookies.set(name, held);
    expect(await does((session) => [session.subject, session.data.cart])).toEqual(["alice", "apple"]);
  });

  it("may still log in: as the same user they join the session, as another they get one of their own", async () => {
    const { does, browser, sessions } = makeApp({ store: memory() });
    await does((session) => {
      session.data.cart = "apple";
    });
    const [late, other] = [browser.copy(), browser.copy()];
    await does((session) => session.login("alice"));
    await does((session) => session.login("alice"), late);
    expect(await does((session) => [session.subject, session.data.cart], late)).toEqual(["alice", "apple"]);
    expect(await sessions.list("alice")).toHaveLength(1);
    await does((session) => session.login("bob"), other);
    expect(await does((session) => [session.subject, session.data.cart], other)).toEqual(["bob", undefined]);
    expect(await does((session) => session.subject)).toBe("alice");
  });
});
