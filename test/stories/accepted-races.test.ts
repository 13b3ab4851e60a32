/** Requests that bring one accepted token at the same time, when one of them ends or moves its session. */
import { describe, expect, it } from "vitest";
import type { Session, SessionOptions } from "../../src/index.ts";
import { gated, quiet, watched } from "../support/gated-store.ts";
import { acceptingOld, oldToken, seen, withCookie } from "../support/old-tokens.ts";

const WAITS = [true, false, true];

/** Two requests that have loaded the session of one token, before either is answered. */
async function twoRequests(more: Partial<SessionOptions> = {}) {
  const gate = gated();
  const app = acceptingOld(gate.store, more);
  const Cookie = await oldToken({ sid: "session-of-old", sub: "alice", data: { cart: ["apple"] } });
  const load = () => app.sessions.load({ method: "POST", headers: new Headers({ Cookie }) } as never) as Promise<Session>;
  const [first, second] = [await load(), await load()];
  const answers = (session: Session) => app.sessions.apply(session, new Response());
  return { gate, app, Cookie, first, second, answers };
}

describe("of two requests with one token, the later", () => {
  it("that logs out ends what the other made of it, before it is answered", async () => {
    const { gate, app, first, second, answers } = await twoRequests();
    first.data.note = "written";
    await answers(first);
    second.logout();
    gate.hold("remove");
    expect(await watched(gate, answers(second))).toEqual(WAITS);
    expect(await app.sessions.list("alice")).toEqual([]);
  });

  it("that logs out while the other is making a session of it ends that, before it is answered", async () => {
    const { gate, app, first, second, answers } = await twoRequests();
    second.logout();
    gate.hold("create");
    const ending = answers(second);
    while (!gate.isAsked) await quiet();
    gate.hold("remove");
    first.data.note = "written";
    await answers(first);
    expect(await app.sessions.list("alice")).toHaveLength(1);
    gate.release();
    gate.hold("remove");
    expect(await watched(gate, ending)).toEqual(WAITS);
    expect(await app.sessions.list("alice")).toEqual([]);
  });

  it("that logs out ends it also where it logged in or got a new id meanwhile", async () => {
    const acts: ((session: Session) => unknown)[] = [
      (session) => session.login("alice"),
      (session) => session.regenerateId({ graceSeconds: 10 }),
    ];
    for (const act of acts) {
      const { app, first, second, answers } = await twoRequests();
      act(first);
      await answers(first);
      second.logout();
      await answers(second);
      expect(await app.sessions.list("alice")).toEqual([]);
    }
    const { app, Cookie, first, second, answers } = await twoRequests();
    first.data.note = "written";
    const browser = withCookie(app, Cookie);
    browser.receive(await answers(first));
    await app.does((session) => session.login("alice"), browser);
    second.logout();
    await answers(second);
    expect(await app.sessions.list("alice")).toEqual([]);
  });

  it.each([1, 2])("ends no other session where users may have %s", async (maxSessions) => {
    const { app, Cookie, first, second, answers } = await twoRequests({ maxSessions });
    const other = app.newBrowser();
    if (maxSessions > 1) await app.does((session) => session.login("alice"), other);
    const browser = withCookie(app, Cookie);
    first.data.one = 1;
    second.data.two = 2;
    browser.receive(await answers(first));
    browser.receive(await answers(second));
    expect(await app.does(seen, browser)).toEqual(["alice", { cart: ["apple"], one: 1, two: 2 }]);
    if (maxSessions > 1) expect(await app.does((session) => session.subject, other)).toBe("alice");
    expect(await app.sessions.list("alice")).toHaveLength(maxSessions);
  });

  it("removes the session of its own that it made in vain, before it is answered", async () => {
    const { gate, app, first, second, answers } = await twoRequests();
    first.data.one = 1;
    await answers(first);
    second.data.two = 2;
    gate.hold("remove");
    expect(await watched(gate, answers(second))).toEqual(WAITS);
    expect(await app.sessions.list("alice")).toHaveLength(1);
  });

  it("follows the session to the id that it has since, while the one before is in grace", async () => {
    const { app, Cookie, first, second, answers } = await twoRequests();
    first.data.one = 1;
    const browser = withCookie(app, Cookie);
    browser.receive(await answers(first));
    await app.does((session) => session.regenerateId({ graceSeconds: 10 }), browser);
    second.data.two = 2;
    // The browser may have dropped the answers before this one.
    const dropping = app.newBrowser();
    dropping.receive(await answers(second));
    for (const one of [browser, dropping]) {
      expect(await app.does(seen, one)).toEqual(["alice", { cart: ["apple"], one: 1, two: 2 }]);
    }
    expect(await app.sessions.list("alice")).toHaveLength(1);
  });

  it("follows the session to the id that the faster one gave it with a grace, as it was made", async () => {
    const { app, first, second, answers } = await twoRequests();
    first.regenerateId({ graceSeconds: 10 });
    const browser = app.newBrowser();
    browser.receive(await answers(first));
    second.data.two = 2;
    await answers(second);
    expect(await app.does(seen, browser)).toEqual(["alice", { cart: ["apple"], two: 2 }]);
  });

  it("that logs in and keeps nothing takes nothing from the login that was faster", async () => {
    const { gate, app, Cookie, first, second, answers } = await twoRequests();
    first.data.note = "written";
    const browser = withCookie(app, Cookie);
    browser.receive(await answers(first));
    second.login("alice", { keep: [] });
    gate.hold("replace");
    const joining = answers(second);
    while (!gate.isAsked) await quiet();
    gate.hold("touch");
    await app.does((session) => session.login("alice"), browser);
    gate.release();
    expect((await joining).status).toBe(200);
    expect(await app.does(seen, browser)).toEqual(["alice", { cart: ["apple"], note: "written" }]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
  });
});

it("a logout waits also for the end of what an accepted cookie beside our own stands for", async () => {
  const gate = gated();
  const app = acceptingOld(gate.store);
  const token = await oldToken({ sid: "session-of-old", sub: "alice" });
  await app.does(seen, withCookie(app, token));
  await app.does((session) => session.login("bob"));
  for (const [name, held] of withCookie(app, token).cookies) app.browser.cookies.set(name, held);
  gate.hold("remove", 1);
  expect(
    await watched(
      gate,
      app.does((session) => session.logout()),
    ),
  ).toEqual(WAITS);
  expect([await app.sessions.list("alice"), await app.sessions.list("bob")]).toEqual([[], []]);
});
