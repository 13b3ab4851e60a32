/** Options of calls: what there is none of is refused, and not ignored. */
import { describe, expect, it } from "vitest";
import { joseTokens } from "../../src/accept/jose.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { createSessions, type Session } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { SECRET } from "../support/secrets.ts";

const messageOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`;
  }
  return "accepted";
};

const CALLS: [string, (session: Session) => unknown, string][] = [
  [
    "login() with an option of another name",
    (session) => session.login("alice", { rememberMe: false } as never),
    'Cannot use option "rememberMe": there is no such option',
  ],
  [
    "login() with a key in place of a list",
    (session) => session.login("alice", { keep: "cart" } as never),
    "Cannot log in: keep must be a list of keys",
  ],
  [
    "login() with a text for a flag",
    (session) => session.login("alice", { remember: "no" } as never),
    'Cannot use remember "no": it must be true or false',
  ],
  [
    "login() with no object",
    (session) => session.login("alice", true as never),
    "Cannot log in: its options must be an object, like { keep, meta, remember, idleTimeout, absoluteTimeout }",
  ],
  [
    "regenerateId() with a number",
    (session) => session.regenerateId(10 as never),
    "Cannot regenerate the id: its options must be an object, like { graceSeconds }",
  ],
  [
    "regenerateId() with an option of another name",
    (session) => session.regenerateId({ grace: 10 } as never),
    'Cannot use option "grace": there is no such option',
  ],
  [
    "logout() with an option of another name",
    (session) => session.logout({ clear: ["cache"] } as never),
    'Cannot use option "clear": there is no such option',
  ],
];

describe("a session refuses", () => {
  it.each(CALLS)("%s", async (_what, call, message) => {
    const { does } = makeApp({ store: memory() });
    expect(await does((session) => messageOf(() => call(session)))).toBe(`ERR_OPTION: ${message}`);
  });
});

const MADE: [string, () => unknown, string][] = [
  [
    "memory() with an option of another name",
    () => memory({ entries: 3 } as never),
    'Cannot use option "entries": there is no such option',
  ],
  [
    "memory() with what is an option of sessions",
    () => memory({ maxSessions: 3 } as never),
    'Cannot use option "maxSessions": use maxEntries; how many sessions a user may have is said by maxSessions beside store',
  ],
  [
    "memory() with an option of other caches",
    () => memory({ max: 3 } as never),
    'Cannot use option "max": use maxEntries, or maxBytes',
  ],
  [
    "memory() for less than one session",
    () => memory({ maxEntries: -1 }),
    "Cannot use maxEntries -1: it must be a whole number, 1 or more",
  ],
  [
    "memory() for a text",
    () => memory({ maxBytes: "x" as never }),
    'Cannot use maxBytes "x": it must be a whole number, 1 or more',
  ],
  [
    "ownTokens() of a kind there is none of",
    () => ownTokens({ secrets: SECRET, kind: "store" as never }),
    'Cannot use option kind: it is one of "data", "readable", "id", "user"',
  ],
  [
    "ownTokens() with an option of another name",
    () => ownTokens({ secrets: SECRET, kinds: 3 } as never),
    'Cannot use option "kinds": there is no such option',
  ],
  [
    "ownTokens() without options",
    () => ownTokens(undefined as never),
    "Cannot use undefined as options: they are an object, like { secrets }",
  ],
  [
    "koaTokens() without options",
    () => koaTokens(undefined as never),
    "Cannot use undefined as options: they are an object, like { keys }",
  ],
  [
    "joseTokens() without options",
    () => joseTokens(undefined as never),
    "Cannot use undefined as options: they are an object, like { cookie, algorithms, key }",
  ],
  [
    "a codec that is not called",
    () => createSessions({ secrets: SECRET, accept: [koaTokens as never] }),
    "Cannot use option accept: number 1 is a function; call it, as in koaTokens({ keys })",
  ],
];

describe("what is made refuses", () => {
  it.each(MADE)("%s", (_what, make, message) => {
    expect(messageOf(make)).toBe(`ERR_OPTION: ${message}`);
  });
});
