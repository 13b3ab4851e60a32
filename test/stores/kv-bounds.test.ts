/**
 * How late KV is, and what it cannot hold: every bound on docs/kv.md (kv-page.test.ts says which test shows which), found on a KV whose
 * writes take 30 seconds to spread and whose caches hold 30 more, and checked by random schedules.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMoved } from "../../src/session/record.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { type Act, type Started, World } from "../support/kv-world.ts";
import { immediate } from "./immediate.ts";

/** Seconds for a write to be seen everywhere: spread and cache. */
const MINUTE = 60;
const PLACES = ["Paris", "Tokyo", "Lima"] as const;

const login: Act = (session) => session.login("alice");
const logout: Act = (session) => session.logout();
const regenerate: Act = (session) => session.regenerateId();
const write =
  (key: string, value: unknown = true): Act =>
  (session) => {
    session.data[key] = value;
  };

/** Alice, logged in in Paris so long ago that every location can know. */
async function loggedIn(world = new World()): Promise<{ world: World; cookie: string }> {
  const cookie = await world.does("Paris", "", login);
  world.clock.pass(2 * MINUTE);
  return { world, cookie };
}

/** The worst moment for a change made a second later: a cache that was filled now is filled again just before the change comes. */
async function unluckyTokyo(world: World, cookie: string): Promise<void> {
  await world.who("Tokyo", cookie);
  world.clock.pass(1);
}

describe("after a logout", () => {
  it("the same location reads nothing at once", async () => {
    const { world, cookie } = await loggedIn();
    expect(await world.who("Paris", cookie)).toBe("alice");
    await world.does("Paris", cookie, logout);
    expect(await world.who("Paris", cookie)).toBe("nobody");
  });

  it("another location reads the session for up to 60 seconds", async () => {
    const { world, cookie } = await loggedIn();
    await unluckyTokyo(world, cookie);
    await world.does("Paris", cookie, logout);
    expect(await world.lasts("Tokyo", cookie, "alice")).toBe(MINUTE - 1);
    expect(await world.lasts("Lima", cookie, "nobody", DAY)).toBe(DAY);
  });

  it("a location that hides its own writes for a while reads the session for up to 60 seconds, too", async () => {
    const { world, cookie } = await loggedIn(new World({ ownWritesAtOnce: false }));
    await world.does("Paris", cookie, logout);
    expect(await world.lasts("Paris", cookie, "alice")).toBeLessThanOrEqual(MINUTE);
  });

  it("a late write in the same location does not bring the session back", async () => {
    const { world, cookie } = await loggedIn();
    const late = await world.start("Paris", cookie, write("late"));
    await world.does("Paris", cookie, logout);
    await late.finish();
    expect(await world.who("Paris", cookie)).toBe("nobody");
    expect(await world.lasts("Paris", cookie, "nobody", DAY)).toBe(DAY);
  });

  it("a late write in another location does not bring the session back, nor make it last longer than 60 seconds", async () => {
    const { world, cookie } = await loggedIn();
    await world.who("Tokyo", cookie);
    await world.does("Paris", cookie, logout);
    world.clock.pass(20);
    await world.does("Tokyo", cookie, write("late"));
    expect(world.network.keys()).toHaveLength(2);
    expect(await world.who("Tokyo", cookie)).toBe("alice");
    expect(await world.lasts("Tokyo", cookie, "alice")).toBeLessThanOrEqual(MINUTE - 20);
    expect(await world.who("Paris", cookie)).toBe("nobody");
    expect(await world.lasts("Tokyo", cookie, "nobody", 2 * DAY)).toBe(2 * DAY);
  });

  it("a new id made within 60 seconds before, in another location, or at the same moment, keeps the session", async () => {
    const { world, cookie } = await loggedIn();
    await world.who("Tokyo", cookie);
    const renewed = await world.does("Paris", cookie, regenerate);
    await world.does("Tokyo", cookie, logout);
    world.clock.pass(2 * MINUTE);
    expect([await world.who("Paris", cookie), await world.who("Paris", renewed)]).toEqual(["nobody", "alice"]);
  });

  it("a session that got new ids in two locations within 60 seconds is two sessions, and only one of them ends", async () => {
    const { world, cookie } = await loggedIn();
    await world.who("Tokyo", cookie);
    const here = await world.does("Paris", cookie, regenerate);
    const there = await world.does("Tokyo", cookie, regenerate);
    world.clock.pass(2 * MINUTE);
    await world.does("Paris", here, logout);
    world.clock.pass(MINUTE);
    expect([await world.who("Lima", here), await world.who("Lima", there)]).toEqual(["nobody", "alice"]);
  });

  it("with an old id, in the same location, the session under its new id ends, too", async () => {
    const { world, cookie } = await loggedIn();
    const late = await world.start("Paris", cookie, logout);
    const renewed = await world.does("Paris", cookie, regenerate);
    await late.finish();
    expect([await world.who("Paris", cookie), await world.who("Paris", renewed)]).toEqual(["nobody", "nobody"]);
  });
});

describe("after a login", () => {
  it("the same location reads the session at once", async () => {
    const world = new World();
    expect(await world.who("Paris", await world.does("Paris", "", login))).toBe("alice");
  });

  it("another location reads nothing for up to 60 seconds", async () => {
    const world = new World();
    const cookie = await world.does("Paris", "", login);
    world.clock.pass(29);
    expect(await world.lasts("Tokyo", cookie, "nobody")).toBe(MINUTE - 30);
    expect(await world.lasts("Lima", cookie, "nobody")).toBe(0);
  });

  it("the visitor's id that came before is dead everywhere after 60 seconds", async () => {
    const world = new World();
    const visitor = await world.does("Paris", "", write("cart"));
    world.clock.pass(2 * MINUTE);
    const seen = async () => (await world.read("Tokyo", visitor))?.data.cart;
    expect(await seen()).toBe(true);
    await world.does("Paris", visitor, login);
    expect((await world.read("Paris", visitor))?.data.cart).toBeUndefined();
    world.clock.pass(MINUTE);
    expect(await seen()).toBeUndefined();
  });
});

describe("after a write", () => {
  it("the same location reads it at once", async () => {
    const { world, cookie } = await loggedIn();
    await world.does("Paris", cookie, write("cart", 1));
    expect((await world.read("Paris", cookie))?.data.cart).toBe(1);
  });

  it("another location reads it up to 60 seconds later", async () => {
    const { world, cookie } = await loggedIn();
    await unluckyTokyo(world, cookie);
    await world.does("Paris", cookie, write("cart", 1));
    let seconds = 0;
    for (; (await world.read("Tokyo", cookie))?.data.cart !== 1; seconds++) world.clock.pass(1);
    expect(seconds).toBe(MINUTE - 1);
  });

  it("a write of another key, in another location within 60 seconds, undoes it", async () => {
    const { world, cookie } = await loggedIn();
    await unluckyTokyo(world, cookie);
    await world.does("Paris", cookie, write("cart", 1));
    world.clock.pass(29);
    await world.who("Tokyo", cookie);
    world.clock.pass(29);
    await world.does("Tokyo", cookie, write("name", "Ada"));
    world.clock.pass(2 * MINUTE);
    expect((await world.read("Paris", cookie))?.data).toEqual({ name: "Ada" });
  });

  it("a second write in the same location waits 1.1 seconds, and keeps both", async () => {
    const { world, cookie } = await loggedIn();
    const before = world.clock.now();
    await world.does("Paris", cookie, write("cart", 1));
    await world.does("Paris", cookie, write("name", "Ada"));
    expect(world.clock.now() - before).toBeCloseTo(1.1);
    expect((await world.read("Paris", cookie))?.data).toEqual({ cart: 1, name: "Ada" });
  });
});

describe("after removeAll", () => {
  it("other locations read the user's sessions for up to 60 seconds, and then no more", async () => {
    const { world, cookie } = await loggedIn();
    await unluckyTokyo(world, cookie);
    expect(await world.at("Paris").store.removeAll("alice")).toBe(1);
    expect(await world.who("Paris", cookie)).toBe("nobody");
    expect(await world.lasts("Tokyo", cookie, "alice")).toBe(MINUTE - 1);
    expect(await world.lasts("Tokyo", cookie, "nobody", DAY)).toBe(DAY);
  });

  it("a session that began within the 60 seconds before goes on, until removeAll is called again", async () => {
    const { world } = await loggedIn();
    world.clock.pass(HOUR);
    const cookie = await world.does("Paris", "", login);
    world.clock.pass(MINUTE - 1);
    expect(await world.at("Paris").store.removeAll("alice")).toBe(1);
    expect(await world.who("Paris", cookie)).toBe("alice");
    world.clock.pass(1);
    await world.at("Paris").store.removeAll("alice");
    expect(await world.who("Paris", cookie)).toBe("nobody");
  });

  it("list shows the ended sessions for up to 60 seconds, and sessions of the last 60 seconds are missing", async () => {
    const { world } = await loggedIn();
    const list = async () => (await world.at("Lima").store.list("alice")).length;
    await world.at("Paris").store.removeAll("alice");
    await world.does("Paris", "", login);
    await world.does("Paris", "", login);
    world.clock.pass(MINUTE - 1);
    expect(await list()).toBe(1);
    world.clock.pass(1);
    expect(await list()).toBe(2);
  });
});

describe("after a record was taken", () => {
  const record = { data: "{}", version: 1, startedAt: 0, seenAt: 0, expiresAt: DAY };

  async function begun(world = new World()) {
    const [paris, tokyo] = [world.at("Paris").store, world.at("Tokyo").store];
    const key = { id: "0123456789abcdef", route: await paris.recordRoute("0123456789abcdef") };
    await paris.create(key, record);
    world.clock.pass(2 * MINUTE);
    return { world, paris, tokyo, key };
  }

  it("the same location cannot take it again", async () => {
    const { paris, key } = await begun();
    expect([await paris.take(key), await paris.take(key)]).toEqual([record, null]);
  });

  it("another location can take it again for up to 60 seconds", async () => {
    for (const [seconds, taken] of [
      [MINUTE - 2, record],
      [MINUTE, null],
    ] as const) {
      const { world, paris, tokyo, key } = await begun();
      await tokyo.load(key, { now: 0 });
      world.clock.pass(1);
      await paris.take(key);
      // Just before Tokyo could see the end, it fills its cache again.
      world.clock.pass(29);
      await tokyo.load(key, { now: 0 });
      world.clock.pass(seconds - 29);
      expect(await tokyo.take(key)).toEqual(taken);
    }
  });

  it("two requests at the same moment can both have it, in one location, too", async () => {
    const { paris, key } = await begun(new World({ rateLimit: false }));
    expect(await Promise.all([paris.take(key), paris.take(key)])).toEqual([record, record]);
  });
});

/** A request of a random schedule: when it comes, where, with which cookie, what it does, how long it takes. */
interface Visit {
  readonly at: number;
  readonly takes: number;
  readonly place: (typeof PLACES)[number];
  readonly cookie: number;
  readonly act: "read" | "write" | "use" | "regenerate";
}

const visits = (acts: readonly Visit["act"][]) =>
  fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 300 }),
      takes: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 120 })),
      place: fc.constantFrom(...PLACES),
      cookie: fc.nat(5),
      act: fc.constantFrom(...acts),
    }),
    { minLength: 1, maxLength: 14 },
  );

/** Plays a schedule around one logout. Gives every cookie the user ever had, and when the logout was done. */
async function play(world: World, schedule: Visit[], end: { at: number; place: string; how: "logout" | "removeAll" }) {
  const cookies = [await world.does("Paris", "", login)];
  // Writing down each use, so that touches are among the late writes.
  world.clock.pass(7 * HOUR);
  const start = world.clock.now();
  const acts: Record<Visit["act"], Act> = { read: () => {}, write: write("key"), use: (session) => session.data, regenerate };
  const seen: { at: number; place: string; who: string }[] = [];
  const running = new Map<Visit, Started>();
  let ended = Number.POSITIVE_INFINITY;
  const events: { at: number; run: () => Promise<void> }[] = schedule.flatMap((visit) => [
    {
      at: visit.at,
      run: async () => {
        const cookie = cookies[visit.cookie % cookies.length] as string;
        const loaded = world.clock.now();
        if (visit.act === "read") seen.push({ at: loaded, place: visit.place, who: await world.who(visit.place, cookie) });
        else running.set(visit, await world.start(visit.place, cookie, acts[visit.act]));
      },
    },
    {
      at: visit.at + visit.takes,
      run: async () => {
        const cookie = (await running.get(visit)?.finish()) ?? "";
        if (visit.act === "regenerate" && cookie.includes(`${USER_COOKIE}=`)) cookies.push(cookie);
      },
    },
  ]);
  const finish = async () => {
    const { store } = world.at(end.place);
    if (end.how === "removeAll") await store.removeAll("alice");
    else await world.does(end.place, cookies.at(-1) as string, logout);
    ended = world.clock.now();
  };
  events.push({ at: end.at, run: finish });
  // A stable sort: of events at one time, those of a later visit come later, and its start before its end.
  for (const { at, run } of events.sort((left, right) => left.at - right.at)) {
    world.clock.pass(Math.max(0, start + at - world.clock.now()));
    await run();
  }
  return { cookies, seen, ended };
}

const ending = fc.record({
  at: fc.integer({ min: 0, max: 200 }),
  place: fc.constantFrom(...PLACES),
  how: fc.constantFrom("logout" as const, "removeAll" as const),
});
/** How long each write takes to spread, in turn. */
const spreads = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 10 });

function worldWith(spread: readonly number[]): World {
  let writes = 0;
  return new World({ spread: () => spread[writes++ % spread.length] as number });
}

describe("whatever requests come, wherever, and however long they take,", () => {
  it("a session that ended is read at once no more where it ended, and nowhere after 60 seconds, ever", async () => {
    const schedule = visits(["read", "write", "use"]);
    await fc.assert(
      fc.asyncProperty(schedule, ending, spreads, async (schedule, end, spread) => {
        const world = worldWith(spread);
        const { cookies, seen, ended } = await play(world, schedule, end);
        for (const { at, place, who } of seen) {
          if (at >= ended + MINUTE || (at > ended && place === end.place))
            expect(who, `at ${at - ended} in ${place}`).toBe("nobody");
        }
        world.clock.pass(Math.max(0, ended + MINUTE - world.clock.now()));
        // As long as any record that was written late could live.
        for (const later of [0, 1, HOUR, 12 * HOUR, DAY, 2 * DAY, 30 * DAY]) {
          world.clock.pass(later);
          for (const place of PLACES) expect(await world.who(place, cookies[0] as string), `${later} later`).toBe("nobody");
        }
      }),
      { numRuns: 300 },
    );
  });

  it("also under every id it had, if these were made in one location, and the last of them 60 seconds before", async () => {
    const schedule = visits(["read", "write", "use", "regenerate"]);
    await fc.assert(
      fc.asyncProperty(schedule, ending, spreads, async (schedule, end, spread) => {
        const inTime = ({ at, takes, act, place }: Visit) =>
          act !== "regenerate" || (place === "Paris" && at + takes + MINUTE + 10 < end.at);
        const world = worldWith(spread);
        const { cookies, ended } = await play(world, schedule.filter(inTime), { ...end, how: "logout" });
        world.clock.pass(Math.max(0, ended + MINUTE - world.clock.now()));
        for (const cookie of cookies) for (const place of PLACES) expect(await world.who(place, cookie)).toBe("nobody");
      }),
      { numRuns: 300 },
    );
  });

  it("all locations agree 60 seconds after the last write", async () => {
    await fc.assert(
      fc.asyncProperty(visits(["read", "write", "use", "regenerate"]), spreads, async (schedule, spread) => {
        const world = worldWith(spread);
        const { cookies } = await play(world, schedule, { at: 400, place: "Paris", how: "removeAll" });
        world.clock.pass(MINUTE);
        for (const cookie of cookies) {
          const shown = await Promise.all(PLACES.map((place) => world.read(place, cookie)));
          expect(new Set(shown.map((snapshot) => JSON.stringify(snapshot))).size).toBe(1);
        }
      }),
      { numRuns: 100 },
    );
  });
});

it("in one location, in every order of KV's own calls, no write or touch revives a session that is removed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, rateLimit) => {
      let scheduled = false;
      const step = async () => (scheduled ? scheduler.schedule(Promise.resolve()) : undefined);
      const world = new World({ step, rateLimit });
      const store = immediate(world.at("Paris").store);
      const now = world.clock.now();
      const key = { id: "0123456789abcdef" };
      await store.create(key, { data: "{}", version: 1, startedAt: now, seenAt: now, expiresAt: now + HOUR });
      world.clock.pass(10);
      scheduled = true;
      const options = { now: now + 10, expiresAt: now + 2 * HOUR };
      const settled = Promise.allSettled([
        store.update(key, { set: [["a", "1"]], unset: [] }, options),
        store.load(key, { now: now + 10, touch: { ...options, seenAfter: 0, seenBefore: now } }),
        store.remove(key),
        store.touch(key, options),
        store.update(key, { set: [["b", "1"]], unset: [] }, options),
      ]);
      const [, , removed] = await scheduler.waitFor(settled);
      scheduled = false;
      expect(removed.status).toBe("fulfilled");
      expect(await store.load(key, { now: now + 10 })).toBeNull();
    }),
    { numRuns: 500 },
  );
});

it("in one location, a new id and a logout at the same moment leave no session, or one under the new id", async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      let scheduled = false;
      const step = async () => (scheduled ? scheduler.schedule(Promise.resolve()) : undefined);
      const { store } = new World({ step, rateLimit: false }).at("Paris");
      const record = { data: "{}", version: 1, startedAt: 0, seenAt: 0, expiresAt: HOUR };
      const [from, to] = [{ id: "0123456789abcdef" }, { id: "fedcba9876543210" }];
      await store.create(from, record);
      scheduled = true;
      const replacing = store.replace(from, to, { set: [], unset: [] }, record, { by: "regenerateId", graceSeconds: 0 });
      const [result] = await scheduler.waitFor(Promise.all([replacing, store.remove(from)]));
      scheduled = false;
      const [before, after] = [await store.load(from, { now: 0 }), await store.load(to, { now: 0 })];
      expect(before === null || isMoved(before)).toBe(true);
      if (!result.ok) expect(after).toBeNull();
      outcomes.add(after === null ? "none" : "one");
    }),
    { numRuns: 500 },
  );
  expect([...outcomes].sort()).toEqual(["none", "one"]);
});
