/**
 * web-session-store, in each of its adapters.
 *
 * @module
 */
import type { SessionOptions } from "../../dist/index.js";
import { pathOf } from "../frameworks/fetch.ts";
import { honoApp } from "../frameworks/hono.ts";
import { ctxSession, koaApp } from "../frameworks/koa.ts";
import type { App } from "../harness/app.ts";
import type { Contender, Kind } from "../harness/contender.ts";
import { fetchApp } from "../harness/fetch-app.ts";
import { act, type Data, type Deeds, onObject } from "./deeds.ts";
import { type Library, WORKING_TREE } from "./library.ts";
import { SECRET } from "./secrets.ts";

/** The data of a Session, loaded when it is first asked for where that is left to the handler. */
interface OurSession {
  readonly data: Partial<Data>;
  ready(): void | Promise<void>;
  login(subject: string): void;
  logout(): void;
  patch(changes: Partial<Data>): Promise<void>;
}

/** What needs the session itself, also where the framework gives its data. */
const onSession = {
  login: (session: OurSession, subject: string) => session.login(subject),
  logout: (session: OurSession) => session.logout(),
  patch: (session: OurSession, counter: number) => session.patch({ counter }),
};
const ready: Deeds<OurSession> = { ...onObject((session) => session.data), ...onSession };
const lazy: Deeds<OurSession> = {
  read: async (session) => ready.read(await loaded(session)),
  count: async (session) => ready.count(await loaded(session)),
  write: async (session, counter) => ready.write(await loaded(session), counter),
  create: async (session, data) => ready.create(await loaded(session), data),
  login: async (session, subject) => onSession.login(await loaded(session), subject),
  logout: async (session) => onSession.logout(await loaded(session)),
  patch: onSession.patch,
};

async function loaded(session: OurSession): Promise<OurSession> {
  await session.ready();
  return session;
}

/** The options for one kind of session. */
export function ourOptions(kind: Kind, more: Partial<SessionOptions> = {}, library: Library = WORKING_TREE): SessionOptions {
  const kept = kind === "store" ? { store: library.memory() } : kind === "signed" ? { readable: true } : {};
  return { secrets: SECRET, ...kept, ...more };
}

/** Koa with `secrets`. */
export function ourKoa(options: SessionOptions, { koaSession, getKoaSession }: Library = WORKING_TREE): App {
  const deeds = within(lazy, (ctx: object) => getKoaSession<Data>(ctx));
  return koaApp(options.lazy ? deeds : { ...deeds, ...ctxSession }, (app) => app.use(koaSession(options as never)));
}

/** Koa without `secrets`: the cookies of koa-session-store. */
function ourCompatibleKoa(options: object, { koaSession }: Library): App {
  return koaApp(ctxSession, (app) => app.use(koaSession(options)));
}

export function ourHono(options: SessionOptions, { honoSession }: Library = WORKING_TREE): App {
  const web = honoSession<Data>(options);
  return honoApp(within(options.lazy ? lazy : ready, web.get), web);
}

/** Deeds of a session, done with what a framework gives. */
function within<C>(deeds: Deeds<OurSession>, sessionOf: (c: C) => OurSession): Deeds<C> {
  return {
    read: (c) => deeds.read(sessionOf(c)),
    count: (c) => deeds.count(sessionOf(c)),
    write: (c, counter) => deeds.write(sessionOf(c), counter),
    create: (c, data) => deeds.create(sessionOf(c), data),
    login: (c, subject) => deeds.login?.(sessionOf(c), subject),
    logout: (c) => deeds.logout?.(sessionOf(c)),
    patch: (c, counter) => deeds.patch?.(sessionOf(c), counter),
  };
}

export function ourFetch(options: SessionOptions, library: Library = WORKING_TREE): App {
  const sessions = library.createSessions<Data>(options);
  const deeds = options.lazy ? lazy : ready;
  return fetchApp(sessions.handler(async (request, session) => new Response(await act(deeds, pathOf(request), session))));
}

/** An adapter with `crypto: nodeCrypto`; Koa's passes it itself. */
const withNodeCrypto =
  (app: typeof ourHono): typeof ourHono =>
  (options, library = WORKING_TREE) =>
    app({ ...options, crypto: library.nodeCrypto }, library);

const adapters = [
  { adapter: "Koa", framework: "koa", crypto: "node", app: ourKoa },
  { adapter: "Hono, nodeCrypto", framework: "hono", crypto: "node", app: withNodeCrypto(ourHono) },
  { adapter: "fetch, nodeCrypto", framework: "fetch", crypto: "node", app: withNodeCrypto(ourFetch) },
  { adapter: "Hono", framework: "hono", crypto: "web", app: ourHono },
  { adapter: "fetch", framework: "fetch", crypto: "web", app: ourFetch },
] as const;

const KINDS: readonly Kind[] = ["signed", "encrypted", "store"];
const WORDS: Readonly<Record<Kind, string>> = { signed: "readable", encrypted: "encrypted", store: "store" };

/** Every adapter with every kind, with and without the memory of opened tokens; and loaded only when asked for. */
function own(library: Library): Contender[] {
  return adapters.flatMap(({ adapter, framework, crypto, app }) =>
    KINDS.flatMap((kind) => {
      const common = { ours: true, framework, crypto, kind } as const;
      const name = `ours: ${adapter}, ${WORDS[kind]}`;
      const make = (more: Partial<SessionOptions> = {}) => app(ourOptions(kind, more, library), library);
      const rows: Contender[] = [
        { ...common, name, app: () => make() },
        {
          ...common,
          name: `${name}, nothing remembered`,
          forgets: true,
          not: ["anonymous", "new"],
          app: () => make({ rememberTokens: 0 }),
        },
      ];
      const isLazy = { ...common, name: `${name}, lazy`, lazy: true, only: ["anonymous", "untouched"] } as const;
      // In Koa, ctx.session cannot be awaited, and cookies are opened late anyway.
      if (adapter === "Koa") return kind === "store" ? [...rows, { ...isLazy, app: () => make({ lazy: true }) }] : rows;
      return [...rows, { ...isLazy, app: () => make({ lazy: true }) }];
    }),
  );
}

const compatible = { ours: true, framework: "koa", crypto: "node" } as const;

/** All of ours, by one build. The rows of another build have the same names, in the same order. */
export function contendersOf(library: Library): readonly Contender[] {
  return [
    { ...compatible, name: "ours: Koa compatible, cookie", kind: "signed", app: () => ourCompatibleKoa({}, library) },
    {
      ...compatible,
      name: "ours: Koa compatible, cookie, nothing remembered",
      kind: "signed",
      forgets: true,
      not: ["anonymous", "new"],
      app: () => ourCompatibleKoa({ rememberTokens: 0 }, library),
    },
    {
      ...compatible,
      name: "ours: Koa compatible, store",
      kind: "store",
      app: () => ourCompatibleKoa({ store: library.memory() }, library),
    },
    ...own(library),
  ];
}

export const ourContenders: readonly Contender[] = contendersOf(WORKING_TREE);
