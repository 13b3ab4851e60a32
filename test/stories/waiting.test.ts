/** What the library awaits: nothing is answered, and no call is done, before the store has done its part. */

import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { createSessions, type Session, type StoredOptions } from "../../src/index.ts";
import { makeApp } from "../support/app.ts";
import { Clock, HOUR } from "../support/clock.ts";
import { failingStore } from "../support/failing-store.ts";
import { gated, type Operation, quiet, watched } from "../support/gated-store.ts";
import { acceptingOld, oldToken, withCookie } from "../support/old-tokens.ts";
import { SECRET } from "../support/secrets.ts";

const WAITS = [true, false, true];

interface Case {
  readonly holds: Operation;
  readonly does: (session: Session) => unknown;
  /** Whether the visitor is logged in before. */
  readonly known?: boolean;
  readonly more?: Partial<StoredOptions>;
}

const fail = () => {
  throw new Error("broken");
};

const RESPONSES: [string, Case][] = [
  ["a new session", { holds: "create", known: false, does: (session) => Object.assign(session.data, { a: 1 }) }],
  ["a change", { holds: "update", does: (session) => Object.assign(session.data, { a: 1 }) }],
  ["a login", { holds: "replace", does: (session) => session.login("alice") }],
  ["a first login", { holds: "create", known: false, does: (session) => session.login("alice") }],
  ["a new id", { holds: "replace", does: (session) => session.regenerateId() }],
  ["a logout", { holds: "remove", does: (session) => session.logout() }],
  [
    "a logout, and a session after it",
    {
      holds: "remove",
      does: (session) => {
        session.logout();
        session.data.a = 1;
      },
    },
  ],
  [
    "a logout and a failure",
    {
      holds: "remove",
      does: (session) => {
        session.logout();
        fail();
      },
    },
  ],
  [
    "a logout and data that cannot be kept",
    {
      holds: "remove",
      does: (session) => {
        session.logout();
        session.data.at = new Date(0);
      },
    },
  ],
  [
    "a logout and a forgotten call that fails",
    {
      holds: "remove",
      does: (session) => {
        session.update(async () => {
          await quiet();
          fail();
        });
        session.logout();
      },
    },
  ],
];

/** Where the visitor is logged in, or nobody yet. */
async function start({ known = true, more }: Pick<Case, "known" | "more"> = {}) {
  const gate = gated();
  const clock = new Clock();
  const sessions = createSessions({ secrets: SECRET, now: clock.now, ...more, store: gate.store });
  let Cookie = "";
  if (known) {
    const session = await sessions.load({ headers: new Headers() });
    await session.ready();
    session.login("alice");
    session.data.cart = ["apple"];
    const answer = await sessions.apply(session, new Response());
    Cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  }
  const request = () => new Request("https://app.example.com/", { method: "POST", headers: { Cookie } });
  return { gate, clock, sessions, request };
}

describe("no response is given before the store has done", () => {
  it.each(RESPONSES)("%s", async (_what, one) => {
    const { gate, sessions, request } = await start(one);
    const handler = sessions.handler(async (_request, session) => {
      gate.hold(one.holds);
      await one.does(session as Session);
      return new Response("done");
    });
    expect(await watched(gate, handler(request()))).toEqual(WAITS);
  });

  it("use that is to be recorded", async () => {
    const { gate, clock, sessions, request } = await start();
    const handler = sessions.handler(async (_request, session) => {
      expect(session.subject).toBe("alice");
      return new Response("done");
    });
    clock.pass(10 * HOUR);
    gate.hold("touch");
    expect(await watched(gate, handler(request()))).toEqual(WAITS);
  });

  it("the redemption of an accepted token, and its end", async () => {
    const gate = gated();
    const app = acceptingOld(gate.store);
    const token = await oldToken({ sid: "session-of-old", sub: "alice" });
    const visits = (act: (session: Session) => unknown) => app.does(act, withCookie(app, token));
    gate.hold("create");
    expect(
      await watched(
        gate,
        visits((session) => session.subject),
      ),
    ).toEqual(WAITS);
    gate.hold("remove");
    expect(
      await watched(
        gate,
        visits((session) => session.logout()),
      ),
    ).toEqual(WAITS);
    expect(await app.sessions.list("alice")).toEqual([]);
  });
});

describe("no call is done before the store has done", () => {
  const change = (session: Session) => Object.assign(session.data, { a: 1 });
  const CALLS: [string, Operation, (session: Session) => Promise<unknown>][] = [
    [
      "save() of a change",
      "update",
      (session) => {
        change(session);
        return session.save();
      },
    ],
    [
      "save() of a login",
      "replace",
      (session) => {
        session.login("bob");
        return session.save();
      },
    ],
    [
      "save() of an end",
      "remove",
      (session) => {
        session.logout();
        return session.save();
      },
    ],
    ["update(), when it reads", "load", (session) => session.update((data) => Object.assign(data, { a: 1 }))],
    ["update(), when it writes", "update", (session) => session.update((data) => Object.assign(data, { a: 1 }))],
    [
      "update(), when what was changed before is written",
      "update",
      (session) => {
        change(session);
        return session.update(() => "nothing");
      },
    ],
  ];
  it.each(CALLS)("%s", async (_what, holds, call) => {
    const { gate, sessions, request } = await start();
    const session = (await sessions.load(request())) as Session;
    gate.hold(holds);
    expect(await watched(gate, call(session))).toEqual(WAITS);
  });

  it("ready(), of a lazy session and of a copy", async () => {
    const lazy = await start({ more: { lazy: true } });
    const session = await lazy.sessions.load(lazy.request());
    lazy.gate.hold("load");
    expect(await watched(lazy.gate, session.ready() as Promise<void>)).toEqual(WAITS);
    expect(session.subject).toBe("alice");

    const gate = gated();
    const app = makeApp({ store: gate.store, copy: copy({ maxAge: 60 }) });
    await app.does((visitor) => visitor.login("alice"));
    const copied = await app.sessions.load({ headers: new Headers({ Cookie: app.browser.cookieHeader() }) });
    gate.hold("load");
    expect(copied.loginAge).toBe(Number.POSITIVE_INFINITY);
    expect(await watched(gate, copied.ready({ fresh: true }) as Promise<void>)).toEqual(WAITS);
    expect(copied.loginAge).toBe(0);
  });

  it("commit() while another one of the request is under way, which gives the same", async () => {
    const { gate, sessions, request } = await start();
    const session = await sessions.load(request());
    session.regenerateId();
    gate.hold("replace");
    const first = sessions.commit(session);
    const second = sessions.commit(session) as Promise<unknown>;
    expect(await watched(gate, second)).toEqual(WAITS);
    expect((await first).setCookie).toHaveLength(1);
    expect(await second).toBe(await first);
    expect(await sessions.commit(session)).toEqual({ setCookie: [], headers: [] });
  });

  it("commit() for a request that failed and has no answer", async () => {
    const { gate, sessions, request } = await start();
    const session = await sessions.load(request());
    session.logout();
    gate.hold("remove");
    expect(await watched(gate, sessions.commit(session, { headers: null, failed: true }) as Promise<unknown>)).toEqual(WAITS);
  });
});

describe("calls at the same time", () => {
  it("save() one after the other, so that a new session is begun once", async () => {
    const { gate, sessions, request } = await start({ known: false });
    const session = await sessions.load(request());
    gate.hold("create");
    session.data.one = 1;
    const first = session.save();
    session.data.two = 2;
    const second = session.save();
    await quiet();
    gate.release();
    await Promise.all([first, second]);
    const answer = await sessions.apply(session, new Response());
    const Cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const found = await sessions.read({ headers: new Headers({ Cookie }) });
    expect(found?.data).toEqual({ one: 1, two: 2 });
  });

  it("save() a login once, however many ask for it", async () => {
    const { gate, sessions, request } = await start();
    const session = await sessions.load(request());
    session.login("bob");
    gate.hold("replace");
    const saving = [session.save(), session.save(), session.save()];
    await quiet();
    gate.release();
    await Promise.all(saving);
    expect(await sessions.list("bob")).toHaveLength(1);
  });
});

it("use that finds the session ended by then is reported", async () => {
  const { does, browser, clock, events } = makeApp({ store: gated().store });
  await does((session) => session.login("alice"));
  const id = await does((session) => session.id);
  clock.pass(10 * HOUR);
  const other = browser.copy();
  await does(async (session) => {
    expect(session.subject).toBe("alice");
    await does((late) => late.logout(), other);
  });
  expect(events).toContainEqual({ type: "unknown", id, reason: "commit" });
});

it("update() of a session that has ended asks the store twice: for the session, and where it went", async () => {
  const store = failingStore();
  const { does, browser } = makeApp({ store });
  await does((session) => session.login("alice"));
  await does(async (session) => {
    await does((other) => other.logout(), browser.copy());
    store.calls.length = 0;
    await expect(session.update(() => "done")).rejects.toMatchObject({ code: "ERR_SESSION_GONE" });
    expect(store.calls).toEqual(["load", "load"]);
  });
});
