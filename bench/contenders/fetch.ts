/**
 * The session libraries that need no framework.
 *
 * @module
 */
import { getIronSession, type IronSession } from "iron-session";
import { type Exchange, pathOf, plainApp } from "../frameworks/fetch.ts";
import type { App } from "../harness/app.ts";
import type { Contender } from "../harness/contender.ts";
import { fetchApp } from "../harness/fetch-app.ts";
// The package names only the condition "svelte".
import { MemoryStore, Session } from "../node_modules/svelte-kit-sessions/dist/index.js";
import { act, type Data, type Deeds } from "./deeds.ts";
import { SECRET } from "./secrets.ts";

const day = 24 * 60 * 60;
const ironOptions = { cookieName: "session", password: SECRET, ttl: day };

async function changeIron(exchange: Exchange, change: (session: IronSession<Data>) => void): Promise<void> {
  const session = await iron(exchange);
  change(session);
  await session.save();
}

function iron({ request, headers }: Exchange): Promise<IronSession<Data>> {
  // Only the headers of the answer are used.
  return getIronSession<Data>(request, { headers } as Response, ironOptions);
}

const ironSession: Deeds<Exchange> = {
  read: async (exchange) => (await iron(exchange)).user?.name,
  count: async (exchange) => (await iron(exchange)).counter,
  write: (exchange, counter) => changeIron(exchange, (session) => void Object.assign(session, { counter })),
  create: (exchange, data) => changeIron(exchange, (session) => void Object.assign(session, data)),
};

/** SvelteKit's cookies, as far as svelte-kit-sessions uses them: a stand-in, since SvelteKit cannot be called without its build. */
function svelteCookies({ request, headers }: Exchange) {
  return {
    get(name: string): string | undefined {
      const header = request.headers.get("cookie") ?? "";
      const at = header.indexOf(`${name}=`);
      if (at === -1) return undefined;
      const end = header.indexOf(";", at);
      return decoded(header.slice(at + name.length + 1, end === -1 ? undefined : end));
    },
    set: (name: string, value: string) => headers.append("Set-Cookie", `${name}=${encodeURIComponent(value)}; Path=/; HttpOnly`),
  };
}

/** What cannot be decoded stands for itself, as in SvelteKit. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Its hook opens the session of every request, whatever the handler does. */
function svelteApp(): App {
  const store = new MemoryStore();
  const options = { secret: SECRET, store, cookie: { path: "/", maxAge: day } };
  return fetchApp(async (request) => {
    const exchange = { request, headers: new Headers() };
    const session = await Session.initialize({ cookies: svelteCookies(exchange) } as never, options as never);
    return new Response(await act(svelteSession, pathOf(request), session), { headers: exchange.headers });
  });
}

type SvelteSession = { data: Partial<Data>; setData(data: object): Promise<void>; save(): Promise<void> };

const svelteSession: Deeds<unknown> = {
  read: (session) => (session as SvelteSession).data.user?.name,
  count: (session) => (session as SvelteSession).data.counter,
  write: (session, counter) => saveSvelte(session as SvelteSession, { counter }),
  create: (session, data) => saveSvelte(session as SvelteSession, data),
};

async function saveSvelte(session: SvelteSession, change: object): Promise<void> {
  await session.setData({ ...session.data, ...change });
  await session.save();
}

const common = { ours: false, framework: "fetch" } as const;

export const fetchContenders: readonly Contender[] = [
  {
    ...common,
    name: "iron-session",
    kind: "encrypted",
    not: ["anonymous", "untouched"],
    app: () => plainApp(ironSession),
  },
  { ...common, name: "svelte-kit-sessions", kind: "store", app: svelteApp },
];
