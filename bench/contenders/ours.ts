/**
 * web-session-store, in each of its adapters.
 *
 * @module
 */

import { session as honoSession } from "../../dist/adapters/hono.js";
import { getSession, session as koaSession } from "../../dist/adapters/koa/index.js";
import { createSessions, type SessionOptions } from "../../dist/index.js";
import { memory } from "../../dist/stores/memory/index.js";
import type { App } from "../harness/app.ts";
import type { Contender, Kind } from "../harness/contender.ts";
import { fetchApp } from "../harness/fetch-app.ts";
import { act, type Data, type Deeds, onObject } from "./deeds.ts";
import { pathOf } from "./fetch.ts";
import { honoApp } from "./hono.ts";
import { ctxSession, koaApp } from "./koa.ts";
import { SECRET } from "./secrets.ts";

/** The data of a Session, loaded when it is first asked for where that is left to the handler. */
interface OurSession {
  readonly data: Partial<Data>;
  ready(): Promise<void>;
}

const ready: Deeds<OurSession> = onObject((session) => session.data);
const lazy: Deeds<OurSession> = {
  read: async (session) => ready.read(await loaded(session)),
  count: async (session) => ready.count(await loaded(session)),
  write: async (session, counter) => ready.write(await loaded(session), counter),
  create: async (session, data) => ready.create(await loaded(session), data),
};

async function loaded(session: OurSession): Promise<OurSession> {
  await session.ready();
  return session;
}

/** The options for one kind of session. */
export function ourOptions(kind: Kind, more: Partial<SessionOptions> = {}): SessionOptions {
  const kept = kind === "store" ? { store: memory() } : kind === "signed" ? { readable: true } : {};
  return { secrets: SECRET, ...kept, ...more };
}

/** Koa with `secrets`. */
function ourKoa(options: SessionOptions): App {
  const deeds = options.lazy ? within(lazy, (ctx: object) => getSession<Data>(ctx)) : ctxSession;
  return koaApp(deeds, (app) => app.use(koaSession(options as never)));
}

/** Koa without `secrets`: the cookies of koa-session-store. */
function ourCompatibleKoa(options: object = {}): App {
  return koaApp(ctxSession, (app) => app.use(koaSession(options)));
}

function ourHono(options: SessionOptions): App {
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
  };
}

export function ourFetch(options: SessionOptions): App {
  const sessions = createSessions<Data>(options);
  const deeds = options.lazy ? lazy : ready;
  return fetchApp(sessions.handler(async (request, session) => new Response(await act(deeds, pathOf(request), session))));
}

const adapters = [
  { adapter: "Koa", framework: "koa", crypto: "node", app: ourKoa },
  { adapter: "Hono", framework: "hono", crypto: "web", app: ourHono },
  { adapter: "fetch", framework: "fetch", crypto: "web", app: ourFetch },
] as const;

const KINDS: readonly Kind[] = ["signed", "encrypted", "store"];
const WORDS: Readonly<Record<Kind, string>> = { signed: "readable", encrypted: "encrypted", store: "store" };

/** Every adapter with every kind, with and without the memory of opened tokens; and loaded only when asked for. */
function own(): Contender[] {
  return adapters.flatMap(({ adapter, framework, crypto, app }) =>
    KINDS.flatMap((kind) => {
      const common = { ours: true, framework, crypto, kind } as const;
      const name = `ours: ${adapter}, ${WORDS[kind]}`;
      const rows: Contender[] = [
        { ...common, name, app: () => app(ourOptions(kind)) },
        {
          ...common,
          name: `${name}, nothing remembered`,
          forgets: true,
          not: ["anonymous", "new"],
          app: () => app(ourOptions(kind, { rememberTokens: 0 })),
        },
      ];
      const isLazy = { ...common, name: `${name}, lazy`, lazy: true, only: ["anonymous", "untouched"] } as const;
      // In Koa, ctx.session cannot be awaited, and cookies are opened late anyway.
      if (adapter === "Koa")
        return kind === "store" ? [...rows, { ...isLazy, app: () => app(ourOptions(kind, { lazy: true })) }] : rows;
      return [...rows, { ...isLazy, app: () => app(ourOptions(kind, { lazy: true })) }];
    }),
  );
}

const compatible = { ours: true, framework: "koa", crypto: "node" } as const;

export const ourContenders: readonly Contender[] = [
  { ...compatible, name: "ours: Koa compatible, cookie", kind: "signed", app: () => ourCompatibleKoa() },
  {
    ...compatible,
    name: "ours: Koa compatible, cookie, nothing remembered",
    kind: "signed",
    forgets: true,
    not: ["anonymous", "new"],
    app: () => ourCompatibleKoa({ rememberTokens: 0 }),
  },
  {
    ...compatible,
    name: "ours: Koa compatible, store",
    kind: "store",
    app: () => ourCompatibleKoa({ store: memory() }),
  },
  ...own(),
];
