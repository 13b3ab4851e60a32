/** Applications under attack: each kind of session once with and once without the memory of opened tokens, and its genuine cookies. */
import { Hono } from "hono";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions, type SessionEvent, type SessionOptions } from "../../src/index.ts";
import type { PlainStore } from "../../src/stores/bridges/plain.ts";
import type { KeyKind } from "../../src/token/keys.ts";
import { Browser } from "../support/browser.ts";
import { Clock } from "../support/clock.ts";
import { failingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";
import { acceptedCodecs, type ForeignCookie } from "./accepted.ts";
import { fakeKoa, type KoaOptionsUnderTest } from "./fake-koa.ts";

/** What one answer says. */
export interface Answer {
  readonly status: number;
  readonly setCookie: readonly string[];
  readonly cacheControl: string | null;
  readonly shown: Shown;
  readonly events: readonly SessionEvent[];
}

/** What the handler saw. */
interface Shown {
  readonly isNew: boolean;
  readonly id: string | undefined;
  readonly subject: string | undefined;
  readonly data: string;
}

/** A session that the application gave to somebody, with the cookies that stand for it. */
export interface Genuine {
  readonly cookies: readonly (readonly [name: string, value: string])[];
  readonly shown: Shown;
}

/** One kind of application. */
export interface Target {
  readonly name: string;
  /** The kinds of keys that it opens tokens with. */
  readonly kinds: readonly KeyKind[];
  /** False where the application chose cookies that anybody may make up. */
  readonly authenticates: boolean;
  readonly genuine: readonly Genuine[];
  /** What the store was asked since the last call. */
  asked(): readonly string[];
  /** The same Cookie header, to the application that remembers opened tokens and to the one that does not. */
  send(header: string): Promise<[remembering: Answer, forgetting: Answer]>;
}

type Serve = (header: string | null, act?: (session: Acting) => unknown) => Promise<Answer>;

/** The part of a session that visits need. */
interface Acting {
  login(subject: string): void;
  readonly data: Record<string, unknown>;
}

/** What sessions are made of, before the attack begins. */
const VISITS: readonly ((session: Acting) => void)[] = [
  (session) => Object.assign(session.data, { cart: "visitor" }),
  (session) => {
    session.login("alice");
    session.data.note = "alice's";
  },
  (session) => session.login("mallory"),
];

/** How an application with these options answers one request. */
type Asking = (options: SessionOptions) => (...asked: Parameters<Serve>) => Promise<Omit<Answer, "events">>;

/** Makes a kind of application whose options are those of `createSessions`; `accepting` tokens of other software, too. */
function targetOf(asking: Asking) {
  return async (name: string, more: Partial<SessionOptions>, stored: boolean, accepting = false): Promise<Target> => {
    const clock = new Clock();
    const store = failingStore();
    const { accept, sessions: brought } = accepting ? await acceptedCodecs(clock.now) : NONE_ACCEPTED;
    const serve = (rememberTokens: number): Serve => {
      const events: SessionEvent[] = [];
      const onEvent = (event: SessionEvent) => events.push(event);
      const options = { secrets: SECRET, accept, now: clock.now, rememberTokens, onEvent };
      const ask = asking({ ...options, ...(stored && { store }), ...more });
      return async (header, act) => {
        events.length = 0;
        return { ...(await ask(header, act)), events: [...events] };
      };
    };
    const kinds = kindsOf({ ...more, ...(stored && { store }) });
    return target({ name, kinds, authenticates: true }, serve(1000), serve(0), () => store.calls.splice(0), brought);
  };
}

const NONE_ACCEPTED = { accept: [], sessions: [] };

/** An application on `fetch`. */
export const fetchTarget = targetOf((options) => {
  const sessions = createSessions(options);
  return async (header, act) => {
    const session = await sessions.load({ headers: { get: () => header } });
    act?.(session);
    const shown = {
      isNew: session.isNew,
      id: session.isNew ? undefined : session.id,
      subject: session.subject,
      data: JSON.stringify(session.data),
    };
    const { status, headers } = await sessions.apply(session, new Response("done"));
    return { status, setCookie: headers.getSetCookie(), cacheControl: headers.get("Cache-Control"), shown };
  };
});

/** An application with Hono. Its request has a Cookie header that no `Request` would take. */
export const honoTarget = targetOf((options) => {
  const web = honoSession(options);
  let [shown, acting]: [Shown | undefined, ((session: Acting) => unknown) | undefined] = [undefined, undefined];
  const app = new Hono().use(web).get("/", (c) => {
    const session = web.get(c);
    acting?.(session);
    const { isNew, subject } = session;
    shown = { isNew, id: isNew ? undefined : session.id, subject, data: JSON.stringify(session.data) };
    return c.text("done");
  });
  return async (header, act) => {
    acting = act;
    const request = new Request("https://app.example.com/");
    const get = (asked: string) => (asked.toLowerCase() === "cookie" ? header : null);
    Object.defineProperty(request, "headers", { value: { get } });
    const { status, headers } = await app.fetch(request);
    return { status, setCookie: headers.getSetCookie(), cacheControl: headers.get("Cache-Control"), shown: shown as Shown };
  };
});

/** An application on Koa. */
export async function koaTarget(
  name: string,
  more: KoaOptionsUnderTest,
  { stored = false, authenticates = true, accepting = false } = {},
): Promise<Target> {
  const clock = new Clock();
  const { accept, sessions: brought } = accepting ? await acceptedCodecs(clock.now) : NONE_ACCEPTED;
  const calls: string[] = [];
  const own = failingStore();
  const store = more.secrets === undefined ? countingStore(calls) : own;
  const serve = (rememberTokens: number): Serve => {
    const events: SessionEvent[] = [];
    const options = { now: clock.now, rememberTokens, onEvent: (event: SessionEvent) => events.push(event) };
    const accepted = accepting && { accept };
    const ask = fakeKoa(koaSession({ ...options, ...accepted, ...(stored && { store }), ...more } as never));
    return async (header, act) => {
      events.length = 0;
      return { ...(await ask(header, act)), events: [...events] };
    };
  };
  const kinds = more.secrets === undefined ? [] : kindsOf({ ...more, ...(stored && { store: own }) });
  const asked = () => [...calls.splice(0), ...own.calls.splice(0)];
  return target({ name, kinds, authenticates }, serve(1000), serve(0), asked, brought);
}

function kindsOf({ store, readable, copy, anonymous }: { [Option in keyof SessionOptions]?: unknown }): KeyKind[] {
  if (store === undefined) return [readable ? "readable" : "data"];
  return ["id", ...(copy === undefined ? [] : (["copy"] as const)), ...(anonymous === "cookie" ? (["data"] as const) : [])];
}

async function target(
  about: Pick<Target, "name" | "kinds" | "authenticates">,
  remembering: Serve,
  forgetting: Serve,
  asked: () => string[],
  brought: readonly (readonly ForeignCookie[])[],
): Promise<Target> {
  const genuine: Genuine[] = [];
  for (const visit of VISITS) {
    const browser = new Browser(() => new Response());
    const { setCookie } = await remembering(null, visit);
    browser.receive(new Response(null, { headers: setCookie.map((line): [string, string] => ["Set-Cookie", line]) }));
    const { shown } = await forgetting(browser.cookieHeader());
    if (shown.isNew) throw new Error(`Cannot attack ${about.name}: its own cookie is not accepted`);
    genuine.push({ cookies: [...browser.cookies].map(([cookie, { value }]) => [cookie, value] as const), shown });
  }
  for (const cookies of brought) {
    const header = cookies.map((pair) => pair.join("=")).join("; ");
    // The first request keeps the session, where there is a store, so that all later ones find the same.
    await remembering(header);
    const { shown } = await forgetting(header);
    if (shown.isNew) throw new Error(`Cannot attack ${about.name}: the cookie ${cookies[0]?.[0]} is not accepted`);
    genuine.push({ cookies, shown });
  }
  asked();
  const send = async (header: string): Promise<[Answer, Answer]> => [await remembering(header), await forgetting(header)];
  return { ...about, genuine, asked, send };
}

function countingStore(calls: string[]): PlainStore {
  const rows = new Map<string, string>();
  return {
    load: (sid) => {
      calls.push("load");
      return rows.get(sid);
    },
    save: (sid, data) => {
      calls.push("save");
      rows.set(sid, data);
    },
    remove: (sid) => {
      calls.push("remove");
      rows.delete(sid);
    },
  };
}
