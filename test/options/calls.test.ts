/** Options of calls: what there is none of is refused, and not ignored. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { joseTokens } from "../../src/accept/jose.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { copy } from "../../src/features/copy.ts";
import { sessionJwt } from "../../src/features/jwt.ts";
import { schema } from "../../src/features/schema.ts";
import { createSessions, type Session, type StoredSessions } from "../../src/index.ts";
import { connect } from "../../src/stores/bridges/connect.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { unstorage } from "../../src/stores/bridges/unstorage.ts";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { kv } from "../../src/stores/kv/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { redis } from "../../src/stores/redis/index.ts";
import { postgres } from "../../src/stores/sql/postgres.ts";
import { cookieFor } from "../../src/testing/index.ts";
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
    'Cannot use option "rememberMe": the options of login() are: keep, meta, remember, idleTimeout, absoluteTimeout',
  ],
  [
    "login() with the cookie's age",
    (session) => session.login("alice", { maxAge: 60 } as never),
    'Cannot use option "maxAge": the options of login() are: keep, meta, remember, idleTimeout, absoluteTimeout',
  ],
  [
    "login() with data",
    (session) => session.login("alice", { data: { cart: [] } } as never),
    'Cannot use option "data": the options of login() are: keep, meta, remember, idleTimeout, absoluteTimeout',
  ],
  [
    "login() with a letter too many",
    (session) => session.login("alice", { remembers: true } as never),
    'Cannot use option "remembers": did you mean remember?',
  ],
  [
    "login() with a number, as databases give them",
    (session) => session.login(42 as never),
    "Cannot log in: the subject must be a non-empty string, such as String(user.id)",
  ],
  [
    "login() of nobody",
    (session) => session.login(""),
    "Cannot log in: the subject must be a non-empty string, such as String(user.id)",
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
    'Cannot use option "grace": the options of regenerateId() are: graceSeconds',
  ],
  [
    "logout() with an option of another name",
    (session) => session.logout({ clear: ["cache"] } as never),
    'Cannot use option "clear": the options of logout() and destroy() are: clearSiteData',
  ],
  [
    "destroy() with an option of another name",
    (session) => session.destroy({ everywhere: true } as never),
    'Cannot use option "everywhere": the options of logout() and destroy() are: clearSiteData',
  ],
];

describe("a session refuses", () => {
  it.each(CALLS)("%s", async (_what, call, message) => {
    const { does } = makeApp({ store: memory() });
    expect(await does((session) => messageOf(() => call(session)))).toBe(`ERR_OPTION: ${message}`);
  });
});

const method = () => {};

const REDIS = { status: "ready", eval: method, evalsha: method } as never;
const POOL = { query: method } as never;

const MADE: [string, () => unknown, string][] = [
  ["memory() for a number", () => memory(5 as never), "Cannot use number as options: pass an object, like { maxEntries }"],
  ["memory() for null", () => memory(null as never), "Cannot use null as options: pass an object, like { maxEntries }"],
  ["copy() without options", () => copy(undefined as never), "Cannot use undefined as options: pass an object, like { maxAge }"],
  [
    "copy() with a misspelt option",
    () => copy({ maxAge: 60, age: 5 } as never),
    'Cannot use option "age": there is no such option',
  ],
  [
    "schema() with a misspelt option",
    () => schema(z.object({}), { migrat: method } as never),
    'Cannot use option "migrat": did you mean migrate?',
  ],
  [
    "schema() for a function in place of options",
    () => schema(z.object({}), method as never),
    "Cannot use function as options: pass an object, like { migrate }",
  ],
  [
    "plain() with options: it has none",
    () => (plain as (...given: unknown[]) => unknown)({ load: method, save: method, remove: method }, { prefix: "s:" }),
    "Cannot use options of this store: it has none",
  ],
  [
    "connect() with a misspelt option",
    () => connect({ get: method, set: method, destroy: method }, { timout: 5 } as never),
    'Cannot use option "timout": did you mean timeout?',
  ],
  ["redis() for null", () => redis(REDIS, null as never), "Cannot use null as options: pass an object, like { prefix }"],
  ["redis() with a misspelt option", () => redis(REDIS, { timeOut: 5 } as never), 'Cannot use option "timeOut": use timeout'],
  [
    "redis() for longer than a request lasts",
    () => redis(REDIS, { timeout: 601 }),
    "Cannot use timeout 601: it must be a number of seconds, more than 0 and at most 600",
  ],
  ["postgres() for null", () => postgres(POOL, null as never), "Cannot use null as options: pass an object, like { table }"],
  [
    "postgres() with a misspelt option",
    () => postgres(POOL, { tabel: "s" } as never),
    'Cannot use option "tabel": did you mean table?',
  ],
  [
    "postgres() without a time",
    () => postgres(POOL, { timeout: 0 }),
    "Cannot use timeout 0: it must be a number of seconds, more than 0 and at most 600",
  ],
  [
    "unstorage() with an option of another name",
    () => unstorage({ getItem: method, setItem: method, removeItem: method }, { base: "s" } as never),
    'Cannot use option "base": there is no such option',
  ],
  [
    "kv() with a misspelt option",
    () => kv({ get: method, put: method, delete: method, list: method } as never, { cacheTTL: 60 } as never),
    'Cannot use option "cacheTTL": use cacheTtl',
  ],
  [
    "durableObject() with a misspelt option",
    () => durableObject({ idFromName: method, get: method } as never, { slat: "s" } as never),
    'Cannot use option "slat": did you mean salt?',
  ],
  [
    "sessionJwt() without options",
    () => sessionJwt(undefined as never),
    "Cannot use undefined as options: pass an object, like { key, algorithm }",
  ],
  [
    "createSessions() with letters that changed places",
    () => createSessions({ secrets: SECRET, stroe: memory() } as never),
    'Cannot use option "stroe": did you mean store?',
  ],
  [
    "memory() with an option of another name",
    () => memory({ entries: 3 } as never),
    'Cannot use option "entries": there is no such option',
  ],
  [
    "memory() with what is an option of sessions",
    () => memory({ maxSessions: 3 } as never),
    'Cannot use option "maxSessions": use maxEntries. To limit the sessions of each user, set maxSessions beside store',
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
    'Cannot use option "kinds": did you mean kind?',
  ],
  [
    "ownTokens() without options",
    () => ownTokens(undefined as never),
    "Cannot use undefined as options: pass an object, like { secrets }",
  ],
  [
    "koaTokens() without options",
    () => koaTokens(undefined as never),
    "Cannot use undefined as options: pass an object, like { keys }",
  ],
  [
    "joseTokens() without options",
    () => joseTokens(undefined as never),
    "Cannot use undefined as options: pass an object, like { cookie, algorithms, key }",
  ],
  [
    "a codec that is not called",
    () => createSessions({ secrets: SECRET, accept: [koaTokens as never] }),
    "Cannot use option accept: entry 1 is a function; call it, as in koaTokens({ keys })",
  ],
];

describe("what is made refuses", () => {
  it.each(MADE)("%s", (_what, make, message) => {
    expect(messageOf(make)).toBe(`ERR_OPTION: ${message}`);
  });
});

const ASKED: [string, (sessions: StoredSessions) => unknown, string][] = [
  [
    "revokeAll() with a misspelt option, which would end the session that asks",
    (sessions) => sessions.revokeAll("alice", { exept: "x" } as never),
    'Cannot use option "exept": did you mean except?',
  ],
  [
    "revokeAll() with an id in place of options",
    (sessions) => sessions.revokeAll("alice", "some-id" as never),
    "Cannot use string as options: pass an object, like { except: session.id }",
  ],
  [
    "revokeAll() with what is no id",
    (sessions) => sessions.revokeAll("alice", { except: 5 } as never),
    "Cannot use except 5: it must be the id of a session",
  ],
  [
    "revokeAll() with null for an id",
    (sessions) => sessions.revokeAll("alice", { except: null } as never),
    "Cannot use except null: it must be the id of a session",
  ],
  [
    "list() with a misspelt option",
    (sessions) => sessions.list("alice", { curent: "x" } as never),
    'Cannot use option "curent": did you mean current?',
  ],
  [
    "list() with what is no id",
    (sessions) => sessions.list("alice", { current: {} } as never),
    "Cannot use current object: it must be the id of a session",
  ],
  [
    "load() with a misspelt option",
    (sessions) => sessions.load(new Request("https://app.example.com/"), { lasy: true } as never),
    'Cannot use option "lasy": did you mean lazy?',
  ],
  [
    "apply() with a misspelt option",
    async (sessions) => {
      const session = await sessions.load(new Request("https://app.example.com/"));
      return sessions.apply(session, new Response(), { faild: true } as never);
    },
    'Cannot use option "faild": did you mean failed?',
  ],
];

describe("sessions refuse", () => {
  it.each(ASKED)("%s", async (_what, ask, message) => {
    const sessions = createSessions({ secrets: SECRET, store: memory() });
    const asking = (async () => ask(sessions))();
    await expect(asking).rejects.toMatchObject({ code: "ERR_OPTION", name: "OptionError", message });
  });

  it("nothing that is left out", async () => {
    const sessions = createSessions({ secrets: SECRET, store: memory() });
    expect(await sessions.list("alice", { current: undefined })).toEqual([]);
    expect(await sessions.revokeAll("alice", { except: undefined })).toEqual({ count: 0, effect: "now" });
  });
});

describe("a test's own cookie", () => {
  it("is not made with a misspelt option: it would be a visitor's", async () => {
    await expect(cookieFor({ secrets: SECRET }, { subjct: "ada" } as never)).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: 'Cannot use option "subjct": did you mean subject?',
    });
    await expect(cookieFor({ secrets: SECRET }, { user: "ada" } as never)).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: 'Cannot use option "user": the options of cookieFor() are: data, subject, meta',
    });
    await expect(cookieFor({ secrets: SECRET }, "ada" as never)).rejects.toMatchObject({
      message: "Cannot use string as options: pass an object, like { subject }",
    });
  });

  it("is not made for a subject that login() would not take", async () => {
    for (const subject of ["", 5])
      await expect(cookieFor({ secrets: SECRET }, { subject: subject as never })).rejects.toMatchObject({
        message: "Cannot make the cookie: the subject must be a non-empty string, such as String(user.id)",
      });
  });
});
