/** Applications under attack: each kind of session once with and once without the memory of opened tokens, and its genuine cookies. */
import { Hono } from "hono";
import { SignJWT } from "jose";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { createSessions, ownTokens, type Session, type SessionEvent, type SessionOptions } from "../../src/index.ts";
import type { PlainStore } from "../../src/stores/plain.ts";
import { joseTokens } from "../../src/token/jose.ts";
import type { KeyKind } from "../../src/token/keys.ts";
import { Browser } from "../support/browser.ts";
import { Clock } from "../support/clock.ts";
import { FailingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";
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

/** An application on `fetch`. */
export async function fetchTarget(name: string, more: Partial<SessionOptions>, stored: boolean): Promise<Target> {
  const clock = new Clock();
  const store = new FailingStore();
  const serve = (rememberTokens: number): Serve => {
    const events: SessionEvent[] = [];
    const options = { secrets: SECRET, now: clock.now, rememberTokens, onEvent: (event: SessionEvent) => events.push(event) };
    const sessions = createSessions({ ...options, ...(stored && { store }), ...more });
    return async (header, act) => {
      events.length = 0;
      const session = await sessions.load({ headers: { get: () => header } });
      act?.(session);
      const shown = shownOf(session);
      return { ...said(await sessions.apply(session, new Response("done"))), shown, events: [...events] };
    };
  };
  const kinds = kindsOf({ ...more, ...(stored && { store }) });
  return target({ name, kinds, authenticates: true }, serve(1000), serve(0), () => store.calls.splice(0));
}

/** An application on Hono. */
export async function honoTarget(name: string, more: Partial<SessionOptions>, stored: boolean): Promise<Target> {
  const clock = new Clock();
  const store = new FailingStore();
  const serve = (rememberTokens: number): Serve => {
    const events: SessionEvent[] = [];
    const options = { secrets: SECRET, now: clock.now, rememberTokens, onEvent: (event: SessionEvent) => events.push(event) };
    const web = honoSession({ ...options, ...(stored && { store }), ...more });
    let shown: Shown | undefined;
    let acts: ((session: Acting) => unknown) | undefined;
    const app = new Hono().use(web).get("/", (c) => {
      acts?.(web.get(c));
      shown = shownOf(web.get(c));
      return c.body("done");
    });
    return async (header, act) => {
      events.length = 0;
      acts = act;
      const response = await app.fetch({
        url: "https://a/",
        method: "GET",
        headers: { get: () => header },
      } as unknown as Request);
      return { ...said(response), shown: shown as Shown, events: [...events] };
    };
  };
  const kinds = kindsOf({ ...more, ...(stored && { store }) });
  return target({ name, kinds, authenticates: true }, serve(1000), serve(0), () => store.calls.splice(0));
}

/** An application that also reads the tokens it had under another name, and those of other software. */
export async function acceptingTarget(name: string, stored: boolean): Promise<Target> {
  const key = new TextEncoder().encode("the secret of the software before this one");
  const before = await fetchTarget("before", { readable: true, name: "sid" }, false);
  const accept = [
    ownTokens({ secrets: SECRET, name: "sid", kind: "readable" }),
    joseTokens({ cookie: "legacy", algorithms: ["HS256"], key }),
  ];
  const now = new Clock().now();
  const claims = { sid: "a-session-of-before", start: now, exp: now + 3600, sub: "bob", data: { cart: "before" } };
  const token = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setIssuedAt(now).sign(key);
  const made = await fetchTarget(name, { accept }, stored);
  const own = before.genuine.map(({ cookies }) => cookies);
  const accepted: Genuine[] = [];
  for (const cookies of [...own, [["legacy", token] as const]]) {
    const [, { shown }] = await made.send(cookies.map((pair) => pair.join("=")).join("; "));
    if (shown.isNew) throw new Error(`Cannot attack ${name}: it does not accept what it should`);
    accepted.push({ cookies, shown });
  }
  made.asked();
  return { ...made, genuine: [...made.genuine, ...accepted] };
}

function shownOf(session: Session): Shown {
  const { isNew, subject, data } = session;
  return { isNew, id: isNew ? undefined : session.id, subject, data: JSON.stringify(data) };
}

function said({ status, headers }: Response): Pick<Answer, "status" | "setCookie" | "cacheControl"> {
  return { status, setCookie: headers.getSetCookie(), cacheControl: headers.get("Cache-Control") };
}

/** An application on Koa. */
export async function koaTarget(
  name: string,
  more: KoaOptionsUnderTest,
  { stored = false, authenticates = true } = {},
): Promise<Target> {
  const clock = new Clock();
  const calls: string[] = [];
  const own = new FailingStore();
  const store = more.secrets === undefined ? countingStore(calls) : own;
  const serve = (rememberTokens: number): Serve => {
    const events: SessionEvent[] = [];
    const options = { now: clock.now, rememberTokens, onEvent: (event: SessionEvent) => events.push(event) };
    const ask = fakeKoa(koaSession({ ...options, ...(stored && { store }), ...more } as never));
    return async (header, act) => {
      events.length = 0;
      return { ...(await ask(header, act)), events: [...events] };
    };
  };
  const kinds = more.secrets === undefined ? [] : kindsOf({ ...more, ...(stored && { store: own }) });
  return target({ name, kinds, authenticates }, serve(1000), serve(0), () => [...calls.splice(0), ...own.calls.splice(0)]);
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
