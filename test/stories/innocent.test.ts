/** Nobody innocent is locked out: stories that end with a user who can log in, and stays logged in. */

import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { type CookieOptions, createSessions, type Session, type SessionOptions, type Sessions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { inStore } from "../support/app.ts";
import { Clock, DAY, HOUR } from "../support/clock.ts";
import { Jar } from "../support/jar.ts";
import { SECRET } from "../support/secrets.ts";

type Acts = Record<string, (session: Session) => unknown>;

const ACTS: Acts = {
  see: () => {},
  poll: (session) => void session.data.cart,
  add: (session) => {
    session.data.cart = "apple";
  },
  // An OAuth round trip: what is kept on the way out is checked on the way back.
  out: (session) => {
    session.data.state = "random";
  },
  back: (session) => {
    if (session.data.state !== "random") throw new Response("wrong state", { status: 400 });
    session.login("alice");
  },
  login: (session) => session.login("alice"),
  renew: (session) => session.regenerateId(),
  logout: (session) => session.logout(),
};

function serveWith(sessions: Sessions, base = "") {
  return sessions.handler(async (request, session) => {
    await ACTS[new URL(request.url).pathname.slice(base.length + 1)]?.(session);
    return Response.json([session.subject ?? null, session.gone ?? null]);
  });
}

const post = { method: "POST" };
const said = async (response: Response) => (await response.json()) as unknown;
const ALICE = ["alice", null];

function makeShop(options: Partial<SessionOptions> = {}) {
  const clock = new Clock();
  const sessions = createSessions({ secrets: SECRET, now: clock.now, ...options });
  return { clock, sessions, jar: new Jar(serveWith(sessions)) };
}

const KEPT: [string, () => Partial<SessionOptions>][] = [
  ["in memory", () => ({ store: memory() })],
  ["in SQLite", () => ({ store: sqlite(":memory:") })],
  ["in memory, with copies", () => ({ store: memory(), copy: copy({ maxAge: 60 }) })],
  ["in memory, visitors in cookies", () => ({ store: memory(), anonymous: "cookie" })],
  ["in cookies", () => ({})],
];

describe.each(KEPT)("sessions %s", (_name, options) => {
  it("end unused, and whoever comes back with the cookie logs in and stays", async () => {
    const { jar, clock } = makeShop(options());
    await jar.visit("/add", post);
    await jar.visit("/login", post);
    clock.pass(DAY + 1);
    expect(await said(await jar.visit("/see"))).toEqual([null, null]);
    await jar.visit("/login", post);
    for (let hour = 0; hour < 5; hour++) {
      clock.pass(HOUR);
      expect(await said(await jar.visit("/see"))).toEqual(ALICE);
    }
  });

  it("are polled by a page while its user logs in, and nobody loses the login", async () => {
    const { jar } = makeShop(options());
    await jar.visit("/add", post);
    const polls = [await jar.ask("/poll"), await jar.ask("/poll")];
    const login = await jar.ask("/login", post);
    const late = await jar.ask("/poll");
    for (const answer of [...polls, login, late]) jar.receive(answer);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
    for (const answer of [...polls, late]) jar.receive(answer);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
  });

  it("carry an OAuth round trip, with a page that polls meanwhile", async () => {
    const { jar } = makeShop(options());
    await jar.visit("/out");
    const poll = await jar.ask("/poll");
    const back = await jar.visit("/back");
    expect([back.status, await said(back)]).toEqual([200, ALICE]);
    jar.receive(poll);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
    await jar.visit("/logout", post);
    expect(await said(await jar.visit("/see"))).toEqual([null, null]);
    await jar.visit("/out");
    await jar.visit("/back");
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
  });

  it("whose login was answered, and the answer lost on the way, can log in again at once", async () => {
    const { jar } = makeShop(options());
    await jar.visit("/add", post);
    await jar.ask("/login", post);
    const again = await jar.visit("/login", post);
    expect(again.status).toBe(200);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
  });
});

describe.each(KEPT.slice(0, 2))("a session %s", (_name, options) => {
  it("of a user that got a new id whose answer was lost can be logged out, and logged in again", async () => {
    const { jar, sessions } = makeShop(options());
    await jar.visit("/login", post);
    await jar.ask("/renew", post);
    expect(await said(await jar.visit("/see"))).toEqual([null, "moved"]);
    await jar.visit("/logout", post);
    expect(await inStore(sessions).list("alice")).toEqual([]);
    expect(jar.names).toEqual([]);
    await jar.visit("/login", post);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
  });

  it("of a visitor that got a new id whose answer was lost begins anew, in a cookie of its own", async () => {
    const { jar } = makeShop(options());
    await jar.visit("/add", post);
    await jar.ask("/renew", post);
    expect((await jar.visit("/add", post)).status).toBe(200);
    expect(await said(await jar.visit("/see"))).toEqual([null, null]);
    await jar.visit("/login", post);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
  });
});

/** What the cookie was and is, where the application is, and how many cookies stay that nobody can remove: their path is not known. */
const CHANGES: [string, CookieOptions, CookieOptions, string, number][] = [
  ["partitioned", {}, { partitioned: true }, "", 0],
  ["not partitioned any more", { partitioned: true }, {}, "", 0],
  ["one with a path", { path: "/" }, { path: "/app" }, "/app", 0],
  ["one without a path", { path: "/app" }, { path: "/" }, "/app", 1],
  ["one with a domain", { secure: false }, { secure: false, domain: "example.com" }, "", 0],
];

describe.each(KEPT.slice(0, 2))("two living sessions %s", (_name, options) => {
  it.each(CHANGES)("after the cookie became %s: a login settles it", async (_change, before, after, base, stays) => {
    const clock = new Clock();
    // The name stays, so that both cookies are read.
    const name = before.secure === false ? "sid" : before.path || after.path ? "__Secure-sid" : "sid";
    const shared = { secrets: SECRET, now: clock.now, onEvent: () => {}, name, ...options() };
    const old = createSessions({ ...shared, cookie: before });
    const jar = new Jar(serveWith(old, base));
    await jar.visit(`${base}/login`, post);
    const changed = createSessions({ ...shared, cookie: after });
    const other = new Jar(serveWith(changed, base));
    const login = await other.visit(`${base}/login`, post);
    jar.becomes(serveWith(changed, base));
    jar.receive(login);
    expect(await said(await jar.visit(`${base}/see`))).toEqual([null, null]);
    expect(jar.names).toHaveLength(2);
    await jar.visit(`${base}/login`, post);
    expect(await said(await jar.visit(`${base}/see`))).toEqual(ALICE);
    expect(jar.names).toHaveLength(1 + stays);
    expect(await inStore(changed).list("alice")).toHaveLength(1);
    await jar.visit(`${base}/logout`, post);
    expect(await said(await jar.visit(`${base}/see`))).toEqual([null, null]);
    expect(jar.names).toHaveLength(stays);
  });

  it("of which one was planted: neither is used, nothing is cleared, and a login ends both", async () => {
    const { sessions, jar } = makeShop({ ...options(), cookie: { secure: false }, onEvent: () => {} });
    await jar.visit("/login", post);
    const attacker = new Jar(
      sessions.handler((_request, session) => {
        session.login("eve");
        return new Response();
      }),
    );
    const planted = (await attacker.visit("/")).headers.getSetCookie()[0] ?? "";
    jar.set(`${planted}; Domain=example.com`);
    for (let visit = 0; visit < 3; visit++) {
      const answer = await jar.visit("/see");
      expect([await said(answer), answer.headers.getSetCookie()]).toEqual([[null, null], []]);
    }
    await jar.visit("/login", post);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
    expect([await inStore(sessions).list("eve"), (await inStore(sessions).list("alice")).length]).toEqual([[], 1]);
  });

  it("and more cookies of the name than are looked at: a login clears what it can", async () => {
    const { jar } = makeShop({ ...options(), cookie: { secure: false }, name: "sid", onEvent: () => {} });
    await jar.visit("/login", post);
    for (let count = 0; count < 5; count++)
      jar.set(`sid=planted-${count}; Path=/see`.replace("/see", count === 0 ? "/" : `/${"see/".repeat(count)}`));
    jar.set("sid=planted; Path=/see");
    await jar.visit("/login", post);
    expect(await said(await jar.visit("/see"))).toEqual(ALICE);
  });

  it("both end with destroy(), and so does what browsers keep of them where it is known", async () => {
    const { sessions, jar } = makeShop({ ...options(), cookie: { secure: false, path: "/" }, onEvent: () => {} });
    await jar.visit("/login", post);
    const line = (await new Jar(serveWith(sessions)).visit("/login", post)).headers.getSetCookie()[0] ?? "";
    jar.set(line.replace("Path=/", "Path=/see"));
    await jar.visit("/see");
    expect(await inStore(sessions).list("alice")).toHaveLength(2);
    const logout = sessions.handler((_request, session) => {
      session.destroy();
      return new Response();
    });
    jar.becomes(logout);
    await jar.visit("/see", post);
    expect(await inStore(sessions).list("alice")).toEqual([]);
  });
});
