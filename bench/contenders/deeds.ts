/**
 * What every application under test does, whatever its framework and its session library.
 *
 * | path | does |
 * |---|---|
 * | `/read` | answers with the user's name from the session, or with nothing |
 * | `/count` | answers with the counter from the session, or with nothing |
 * | `/write` | sets the counter to a number it never had, and answers with it |
 * | `/patch` | the same, without reading the session before |
 * | `/new`, `/new-2000` | puts the whole session data in, with so many bytes more |
 * | `/login`, `/logout` | gives the session, with its data and a new id, to a user who has no other; ends it |
 * | `/untouched` | answers without looking at the session |
 *
 * @module
 */

/** The session's data: 189 bytes as JSON. */
export interface Data {
  user: { id: string; name: string; email: string; roles: string[] };
  csrf: string;
  locale: string;
  padding: string;
  counter: number;
}

export const NAME = "Ada Lovelace";

/** New session data, so many bytes larger. */
export function newData(more = 0): Data {
  return {
    user: { id: "u_4711", name: NAME, email: "ada@analytical.example", roles: ["editor", "admin"] },
    csrf: "3Jx9Qm2Vt7Ls5Wd8",
    locale: "en-GB",
    padding: "x".repeat(15 + more),
    counter: 0,
  };
}

/** What a handler can do with a session; `C` is what the framework gives it. */
export interface Deeds<C> {
  read(c: C): unknown;
  count(c: C): unknown;
  write(c: C, counter: number): unknown;
  create(c: C, data: Data): unknown;
  /** Of those whose sessions are in a database. */
  login?(c: C, subject: string): unknown;
  logout?(c: C): unknown;
  /** Of ours alone. */
  patch?(c: C, counter: number): unknown;
}

/** The same without any session: what a framework costs alone. */
export const noSession: Deeds<unknown> = {
  read: () => NAME,
  count: () => 0,
  write: () => {},
  create: () => {},
};

/** A session whose data is a plain object, as most have it. */
export function onObject<C>(sessionOf: (c: C) => Partial<Data>): Deeds<C> {
  return {
    read: (c) => sessionOf(c).user?.name,
    count: (c) => sessionOf(c).counter,
    write: (c, counter) => {
      sessionOf(c).counter = counter;
    },
    create: (c, data) => void Object.assign(sessionOf(c), data),
  };
}

/** A session with `get` and `set`. */
export function onMap<C>(sessionOf: (c: C) => { get(key: never): unknown; set(key: never, value: never): unknown }): Deeds<C> {
  return {
    read: (c) => (sessionOf(c).get("user" as never) as Data["user"] | undefined)?.name,
    count: (c) => sessionOf(c).get("counter" as never),
    write: (c, counter) => void sessionOf(c).set("counter" as never, counter as never),
    create: (c, data) => {
      const session = sessionOf(c);
      for (const [key, value] of Object.entries(data)) session.set(key as never, value as never);
    },
  };
}

let counter = 1;

/** Does what the path says, and gives the text to answer with. */
export async function act<C>(deeds: Deeds<C>, path: string, c: C): Promise<string> {
  if (path === "/read") return String((await deeds.read(c)) ?? "");
  if (path === "/count") return String((await deeds.count(c)) ?? "");
  if (path === "/write") {
    const next = ++counter;
    await deeds.write(c, next);
    return String(next);
  }
  if (path === "/untouched") return "untouched";
  if (!path.startsWith("/new")) return actOnStored(deeds, path, c);
  await deeds.create(c, newData(Number(path.slice("/new-".length))));
  return "new";
}

async function actOnStored<C>(deeds: Deeds<C>, path: string, c: C): Promise<string> {
  if (path === "/patch") {
    const next = ++counter;
    await deeds.patch?.(c, next);
    return String(next);
  }
  if (path === "/login") await deeds.login?.(c, `u_${++counter}`);
  else if (path === "/logout") await deeds.logout?.(c);
  return path.slice(1);
}
