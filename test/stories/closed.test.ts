/** After the response: the application's objects stay its own, and a late change is an error where it is made. */
import { describe, expect, it } from "vitest";
import type { Session } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";

const KEPT = [
  ["in a store", () => ({ store: memory() })],
  ["in its cookie", () => ({})],
] as const;

describe.each(KEPT)("a session %s", (_name, options) => {
  it("freezes nothing that the application put into it, whatever depth, written or not", async () => {
    const { does, answers, browser } = makeApp(options());
    const user = { name: "alice", roles: ["reader"], address: { city: "Bern" } };
    for (let visit = 1; visit <= 3; visit++) {
      await does((session) => {
        session.data.user = user;
        session.data.list = [user];
      });
      user.name = `alice ${visit}`;
      user.roles.push("writer");
      user.address.city = `Bern ${visit}`;
    }
    const thrown = await answers((session) => {
      session.data.user = user;
      throw new Response("no", { status: 403 });
    });
    browser.receive(thrown);
    user.roles.push("after a refusal");
    expect([thrown.status, user.roles.length]).toEqual([403, 5]);
    expect(await does((session) => session.data.user)).toEqual({ ...user, roles: user.roles.slice(0, 4) });
  });

  it("tells whoever changes a key too late, by a code", async () => {
    const { does } = makeApp(options());
    let late: Session | undefined;
    await does((session) => {
      session.data.views = 1;
      late = session;
    });
    const changes: ((session: Session) => unknown)[] = [
      (session) => {
        session.data.views = 2;
      },
      (session) => {
        session.data.other = 2;
      },
      (session) => delete session.data.views,
      (session) => Object.assign(session.data, { other: 2 }),
      (session) => Object.defineProperty(session.data, "other", { value: 2 }),
      (session) => session.flash("note", "too late"),
      (session) => session.logout(),
      (session) => session.login("alice"),
      (session) => session.regenerateId(),
    ];
    for (const change of changes) {
      expect(() => change(late as Session)).toThrow(expect.objectContaining({ code: "ERR_SESSION_COMMITTED" }));
    }
    expect(late?.data).toEqual({ views: 1 });
    expect(late?.data).toBe(late?.data);
    expect(await does((session) => ({ ...session.data }))).toEqual({ views: 1 });
  });

  it("does not take a late change through a reference that was held, and says so", async () => {
    const { does } = makeApp(options());
    const data = await does((session) => {
      session.data.views = 1;
      return session.data;
    });
    expect(() => {
      data.views = 2;
    }).toThrow(TypeError);
    expect(await does((session) => session.data.views)).toBe(1);
  });
});
