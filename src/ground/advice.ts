/**
 * Option names and arguments from other libraries, and what to use here instead.
 *
 * @module
 */

/** Names with one meaning, separated by spaces, and what to do instead. */
export type Advice = Readonly<Record<string, string>>;

/** For the options of sessions. */
export const OPTION_ADVICE: Advice = {
  "secret password keys encryptionKey secretKey": "use secrets",
  key: "use name, or secrets",
  "cookieName sessionName sessionCookieName sid": "use name",
  cookieOptions: "use cookie",
  "maxAge ttl expires expiresIn expireAfterSeconds duration": "use idleTimeout and absoluteTimeout, in seconds",
  "rolling renew touchAfter updateAge autoExtendExpiration": "use touchEvery, or leave it out",
  "resave saveUninitialized autoCommit": "leave it out, since only changes are saved",
  "unset genid generateId proxy trustProxy signed encode decode overwrite externalKey signatureAlgorithm": "leave it out",
  "storage ContextStore": "use store",
  prefix: "give it to the store",
  "valid beforeSave": "use schema",
  migrate: "give it to schema(..., { migrate }) of web-session-store/schema",
  defer: "use lazy",
  "domain path sameSite secure httpOnly partitioned priority persistent maxBytes single": "put it into cookie",
};

/** For the cookie's options. */
export const COOKIE_ADVICE: Advice = {
  "maxAge expires ttl": "use idleTimeout and absoluteTimeout, in seconds, beside cookie",
  "name secrets store idleTimeout absoluteTimeout": "put it beside cookie",
  "signed overwrite encode": "leave it out",
  secureProxy: "use secure",
};

/** For the options of Koa's compatible mode. Takes precedence over {@link OPTION_ADVICE}. */
export const KOA_ADVICE: Advice = {
  "secret password keys encryptionKey secretKey": "use app.keys, or secrets",
  key: "use name; koa-session's options are those of session in web-session-store/koa-session",
  "rolling renew autoCommit externalKey ContextStore genid prefix encode decode valid beforeSave":
    "koa-session's options are those of session in web-session-store/koa-session",
  maxAge:
    "use cookie.maxAge, in milliseconds, or idleTimeout, in seconds; koa-session's options are those of session in web-session-store/koa-session",
  ttl: "use cookie.maxAge, in milliseconds, or idleTimeout, in seconds",
  crypto: "leave it out, since cookies signed with app.keys are made by node:crypto anyway; with secrets it can be used",
  "accept anonymous context copy maxSessions migrate readable schema": "it needs secrets",
  "signed overwrite expires": "put it into cookie",
  "proxy trustProxy": "use app.proxy",
};

/** For the cookie options of that mode. */
export const KOA_COOKIE_ADVICE: Advice = {
  "name secrets store idleTimeout absoluteTimeout": "put it beside cookie",
  "secret keys": "use app.keys",
  persistent: "leave maxAge out",
  secureProxy: "use secure",
};

/** For the options of memory(). */
export const MEMORY_ADVICE: Advice = {
  maxSessions: "use maxEntries. To limit the sessions of each user, set maxSessions beside store",
  "max maxSize": "use maxEntries, or maxBytes",
};

/** For values passed instead of options, by the members they have. The star stands for the call of a middleware. */
export const ARGUMENT_ADVICE: Advice = {
  use: "an application as options: write app.use(*)",
  req: "a request as options: write app.use(*), with the call",
  headers: "a request as options: write app.use(*), with the call",
  "then catch": "a promise as options: await it",
};

/**
 * For values passed as the store, by the members they have: the function that makes a
 * store of them. The first match counts. Each function has the same name as its entry.
 */
export const STORE_ADVICE: Advice = {
  idFromName: "durableObject(binding)",
  getWithMetadata: "kv(binding)",
  "list atomic": "denoKv(kv)",
  "prepare batch": "d1(binding)",
  "startSession db": "mongodb(client)",
  "prepare exec": "sqlite(database)",
  hget: "redis(client)",
  hGet: "redis(client)",
  "getItem setItem": "unstorage(storage)",
  "load save remove": "plain(store)",
  "get set destroy": "connect(store)",
  "get set forEach": "memory()",
  "get set": "plain({ load, save, remove })",
};

/** The advice of the first table that knows the name. Ignores case, hyphens and underscores. */
export function adviceForName(name: string, tables: readonly Advice[]): string | undefined {
  return find(tables, (names) => names.some((known) => isSameName(known, name)));
}

/** The advice for a value, by the members it has. */
export function adviceForValue(value: object, table: Advice): string | undefined {
  return find([table], (names) => names.every((name) => (value as Record<string, unknown>)[name] !== undefined));
}

/** Whether two names differ only in spelling. */
export function isSameName(left: string, right: string): boolean {
  return plain(left) === plain(right);
}

/** Whether two names differ by one typo: a letter too many, missing or wrong, or two swapped. */
export function isCloseName(left: string, right: string): boolean {
  const [one, other] = [plain(left), plain(right)];
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const [here, there] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  return (here.length <= 1 && there.length <= 1) || (here.length === 2 && here === there[1] + (there[0] as string));
}

const plain = (name: string): string => name.replace(/[-_]/g, "").toLowerCase();

function find(tables: readonly Advice[], fits: (names: string[]) => boolean): string | undefined {
  return tables.flatMap(Object.entries<string>).find(([names]) => fits(names.split(" ")))?.[1];
}

/** Where to put a secret, if known. A missing secret usually means a Worker that has not been given one. */
export function whereSecretsGo(): string {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  if (navigator?.userAgent !== "Cloudflare-Workers") return "";
  return "; put it into .dev.vars, and for the deploy: npx wrangler secret put SESSION_SECRET";
}
