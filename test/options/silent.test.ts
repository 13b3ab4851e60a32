/** Options that look right, and with which nobody stays logged in: each is an error that says why. */

import { describe, expect, it } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions, OptionError, type SessionOptions, type StoredSessions } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { around } from "../support/changed-store.ts";
import { DAY } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";
import { refusal } from "./refusal.ts";

const create = (more: object) => createSessions({ secrets: SECRET, onEvent: () => {}, ...more } as SessionOptions);
const createStored = (store: DefinedStore) => createSessions({ secrets: SECRET, onEvent: () => {}, store });
const NO_HOST = "it must be a host name alone, like example.com";

/** The Set-Cookie line of a visitor. */
async function lineOf(more: object): Promise<string> {
  const sessions = create(more);
  const session = await sessions.load(new Request("https://app.example.com/"));
  session.data.views = 1;
  const [line = ""] = (await sessions.apply(session, new Response())).headers.getSetCookie();
  return line;
}

describe("a domain", () => {
  it.each([
    "https://example.com",
    "http://example.com/",
    "//example.com",
    "example.com:8080",
    "example.com/app",
    "user@example.com",
    "*.example.com",
    "..example.com",
    "example..com",
    "example.com.",
    ".",
    "[::1]",
  ])("that is %s is refused, since browsers drop the cookie", (domain) => {
    const message = `Cannot use cookie domain "${domain}": ${NO_HOST}`;
    expect(refusal(() => create({ cookie: { domain } }))).toBe(message);
    expect(refusal(() => koaSession({ cookie: { domain } }))).toBe(message);
  });

  it("that begins with a dot is sent without it: browsers do not read the dot, and it names the same cookie", async () => {
    expect(await lineOf({ cookie: { domain: ".example.com" } })).toContain("; Domain=example.com;");
  });

  it.each(["example.com", "app.example.com", "localhost", "my_app.example.com", "xn--mnchen-3ya.example", "127.0.0.1"])(
    "that is %s is sent as it is",
    async (domain) => expect(await lineOf({ cookie: { domain } })).toContain(`; Domain=${domain};`),
  );

  it("that is no text, or no ASCII, is refused with the same", () => {
    for (const [domain, shown] of [
      [null, "null"],
      ["", '""'],
      [5, "5"],
      ["münchen.example", '"münchen.example"'],
    ])
      expect(refusal(() => create({ cookie: { domain } }))).toBe(`Cannot use cookie domain ${shown}: ${NO_HOST}`);
  });
});

describe("what is true or false", () => {
  const values: [unknown, string][] = [
    ["auto", '"auto"'],
    ["false", '"false"'],
    [0, "0"],
    [1, "1"],
    [null, "null"],
  ];

  it.each(["secure", "httpOnly", "partitioned", "persistent"])("is nothing else in cookie.%s", (name) => {
    for (const [value, shown] of values)
      expect(refusal(() => create({ cookie: { [name]: value } }))).toBe(
        `Cannot use cookie ${name} ${shown}: it must be true or false`,
      );
  });

  it.each(["readable", "lazy", "cacheHeaders"])("is nothing else in the option %s", (name) => {
    for (const [value, shown] of values)
      expect(refusal(() => create({ [name]: value }))).toBe(`Cannot use ${name} ${shown}: it must be true or false`);
  });

  it("is nothing else in Koa without secrets, but for cookie options that its users may leave empty", () => {
    expect(refusal(() => koaSession({ cookie: { secure: "auto" as never } }))).toBe(
      'Cannot use cookie secure "auto": it must be true or false, or left out to follow ctx.secure',
    );
    expect(refusal(() => koaSession({ lazy: "false" as never }))).toBe('Cannot use lazy "false": it must be true or false');
  });

  it("may be undefined, as an option that is left out", () => {
    expect(create({ lazy: undefined, cookie: { secure: undefined } } as never).load).toBeTypeOf("function");
  });
});

describe("an idle timeout above the absolute one", () => {
  it("is refused: it would be cut in silence", () => {
    const message = "Cannot use idleTimeout 7200: it is more than absoluteTimeout, 3600; both are in seconds";
    const options = { idleTimeout: 7200, absoluteTimeout: 3600 };
    expect(refusal(() => create(options))).toBe(message);
    expect(refusal(() => koaSession(options))).toBe(message);
    expect(refusal(() => koaSession({ secrets: SECRET, ...options }))).toBe(message);
    expect(refusal(() => honoSession({ secrets: SECRET, ...options }))).toBe(message);
  });

  it("is refused, too, where the absolute one is the default: 90 days were 30", () => {
    expect(refusal(() => create({ idleTimeout: 90 * DAY }))).toBe(
      "Cannot use idleTimeout 7776000: it is more than absoluteTimeout, 2592000; both are in seconds",
    );
  });

  it("is refused in Koa where cookie.maxAge says it", () => {
    expect(refusal(() => koaSession({ cookie: { maxAge: 7_200_000 }, absoluteTimeout: 3600 }))).toBe(
      "Cannot use cookie maxAge of 7200 seconds: it is more than absoluteTimeout, 3600; both are in seconds",
    );
  });

  it("is no matter of the default: who sets the absolute one alone gets an idle one that is no longer", async () => {
    expect(await lineOf({ absoluteTimeout: 3600 })).toContain("; Max-Age=3600;");
    expect(await lineOf({ idleTimeout: 3600, absoluteTimeout: 3600 })).toContain("; Max-Age=3600;");
  });
});

describe("a user who is not named", () => {
  const NOBODY: unknown[] = [undefined, null, "", 5, {}];
  const calls: [string, (sessions: StoredSessions, subject: never) => Promise<unknown>][] = [
    ["list sessions", (sessions, subject) => sessions.list(subject)],
    ["revoke a session", (sessions, subject) => sessions.revoke(subject, "x".repeat(32))],
    ["revoke all sessions", (sessions, subject) => sessions.revokeAll(subject)],
  ];

  it.each(calls)("is an error where an application would %s, and reaches no store", async (action, call) => {
    const asked: string[] = [];
    const store = around(memory(), (name, call) => {
      asked.push(name);
      return call();
    });
    const sessions = createStored(store);
    for (const subject of NOBODY)
      await expect(call(sessions, subject as never)).rejects.toThrow(
        new OptionError("ERR_OPTION", `Cannot ${action}: the subject must be a non-empty string, such as String(user.id)`),
      );
    expect(asked).toEqual([]);
    await call(sessions, "alice" as never);
    expect(asked).not.toEqual([]);
  });

  it("leaves everybody's sessions alone", async () => {
    const sessions = createStored(memory());
    for (const subject of ["alice", undefined]) {
      const session = await sessions.load(new Request("https://app.example.com/"));
      session.data.views = 1;
      if (subject !== undefined) session.login(subject);
      await sessions.apply(session, new Response());
    }
    await expect(sessions.revokeAll(undefined as never)).rejects.toThrow(OptionError);
    expect(await sessions.list("alice")).toHaveLength(1);
  });

  it("is told from an id that is none: that is safe to pass from a form", async () => {
    const sessions = createStored(memory());
    for (const id of [undefined, "", "x"]) expect(await sessions.revoke("alice", id as never)).toBe(false);
  });
});
