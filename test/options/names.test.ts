/** Names of options that other libraries have: the error says what to use here. */
import { describe, expect, it } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { SECRET } from "../support/secrets.ts";
import { refusal } from "./refusal.ts";

/** Each of some names, and what is said of them. */
const each = (names: string, advice: string): [string, string][] => names.split(" ").map((name) => [name, advice]);

const TIMEOUTS = "use idleTimeout and absoluteTimeout, in seconds";
const EXTENDS = "use touchEvery, or leave it out";
const SAVES = "leave it out, since only changes are saved";
const NONE = "there is no such option";

const OPTIONS = [
  ...each("secret password keys encryptionKey secretKey", "use secrets"),
  ...each("key", "use name, or secrets"),
  ...each("cookieName sessionName sessionCookieName sid", "use name"),
  ...each("cookieOptions", "use cookie"),
  ...each("maxAge ttl expires expiresIn expireAfterSeconds duration", TIMEOUTS),
  ...each("rolling renew touchAfter updateAge autoExtendExpiration", EXTENDS),
  ...each("resave saveUninitialized autoCommit", SAVES),
  ...each("unset genid generateId proxy trustProxy signed encode decode overwrite externalKey", "leave it out"),
  ...each("signatureAlgorithm", "leave it out"),
  ...each("storage ContextStore", "use store"),
  ...each("prefix", "give it to the store"),
  ...each("valid beforeSave", "use schema"),
  ...each("defer", "use lazy"),
  ...each("domain path sameSite secure httpOnly partitioned priority persistent maxBytes", "put it into cookie"),
  // Only the spelling differs.
  ...each("idleTimeOut idletimeout idle-timeout idle_timeout", "use idleTimeout"),
  ...each("Secrets", "use secrets"),
  ...each("maxage max_age MAXAGE", TIMEOUTS),
  ...each("samesite httponly", "put it into cookie"),
  // Nobody knows what that was.
  ...each("colour", NONE),
];

/** The same for the cookie's options. */
const COOKIE = [
  ...each("maxAge expires ttl maxage", `${TIMEOUTS}, beside cookie`),
  ...each("httponly", "use httpOnly"),
  ...each("samesite", "use sameSite"),
  ...each("signed overwrite encode", "leave it out"),
  ...each("secureProxy", "use secure"),
  ...each("name secrets store idleTimeout absoluteTimeout", "put it beside cookie"),
  ...each("colour", NONE),
];

const DIALECT = "koa-session's options are those of session in web-session-store/koa-session";
/** What differs in Koa without `secrets`. */
const KOA = [
  ...each("secret password keys encryptionKey secretKey", "use app.keys, or secrets"),
  ...each("cookieName", "use name"),
  ...each("key", `use name; ${DIALECT}`),
  ...each("maxAge", `use cookie.maxAge, in milliseconds, or idleTimeout, in seconds; ${DIALECT}`),
  ...each("ttl", "use cookie.maxAge, in milliseconds, or idleTimeout, in seconds"),
  ...each(
    "crypto",
    "leave it out, since cookies signed with app.keys are made by node:crypto anyway; with secrets it can be used",
  ),
  ...each("accept anonymous context copy maxSessions migrate readable schema", "it needs secrets"),
  ...each("signed overwrite expires sameSite httpOnly secure domain path priority", "put it into cookie"),
  ...each("proxy trustProxy", "use app.proxy"),
  ...each("rolling renew autoCommit genid encode decode externalKey ContextStore valid beforeSave prefix", DIALECT),
  ...each("resave saveUninitialized", SAVES),
  ...each("unset", "leave it out"),
  ...each("idletimeout", "use idleTimeout"),
  ...each("colour", NONE),
];

const KOA_COOKIE = [
  ...each("maxage", "use maxAge"),
  ...each("httponly", "use httpOnly"),
  ...each("secureProxy", "use secure"),
  ...each("persistent", "leave maxAge out"),
  ...each("secret keys", "use app.keys"),
  ...each("name secrets store idleTimeout absoluteTimeout", "put it beside cookie"),
  ...each("colour", NONE),
];

describe.each<[string, (options: object) => unknown]>([
  ["createSessions()", (options) => createSessions({ secrets: SECRET, ...options })],
  ["session() of Hono", (options) => honoSession({ secrets: SECRET, ...options })],
  ["session() of Koa, with secrets", (options) => koaSession({ secrets: SECRET, ...options })],
])("%s", (_where, call) => {
  it.each(OPTIONS)("says of the option %s: %s", (name, advice) => {
    expect(refusal(() => call({ [name]: "x" }))).toBe(`Cannot use option "${name}": ${advice}`);
  });

  it.each(COOKIE)("says of the cookie option %s: %s", (name, advice) => {
    expect(refusal(() => call({ cookie: { [name]: "x" } }))).toBe(`Cannot use cookie option "${name}": ${advice}`);
  });
});

describe("session() of Koa, without secrets", () => {
  it.each(KOA)("says of the option %s: %s", (name, advice) => {
    expect(refusal(() => koaSession({ [name]: "x" } as never))).toBe(`Cannot use option "${name}": ${advice}`);
  });

  it.each(KOA_COOKIE)("says of the cookie option %s: %s", (name, advice) => {
    expect(refusal(() => koaSession({ cookie: { [name]: "x" } } as never))).toBe(`Cannot use cookie option "${name}": ${advice}`);
  });
});

it("a name that every object has is an option there is none of", () => {
  for (const name of ["constructor", "toString", "hasOwnProperty"])
    expect(refusal(() => createSessions({ secrets: SECRET, [name]: 1 }))).toBe(
      `Cannot use option "${name}": there is no such option`,
    );
});

it("an option that is there is taken, whatever other libraries mean by its name", () => {
  expect(createSessions({ secrets: SECRET, name: "shop", store: memory(), cookie: {} }).load).toBeTypeOf("function");
});
