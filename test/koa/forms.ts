/** The forms of the session middleware, each with and without a store, on both Koas; and koa-session as it is, to show that a program itself works. */
import type Koa from "koa";
import { session } from "../../src/adapters/koa/index.ts";
import { session as koaSession } from "../../src/adapters/koa-session/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { plainRows } from "../support/plain-rows.ts";
import { SECRET } from "../support/secrets.ts";
import { waitingStore } from "../support/slow-store.ts";
import { packages } from "./packages.ts";

/** What every call of a store waits for. */
type Wait = () => Promise<void>;

/** A form, and what differs between them. */
export interface Form {
  readonly name: string;
  /** Whether there is a store, so that a session that ended is gone, whoever holds its cookie. */
  readonly stored: boolean;
  /** Whether parallel requests keep each other's changes. */
  readonly merges: boolean;
  /** Whether it is koa-session's: `regenerate()` keeps the data, and `ctx.session` has members of its own. */
  readonly asKoaSession: boolean;
  /** Whether it is the package koa-session itself. */
  readonly control: boolean;
  /** Makes the middleware for an application. */
  make(app: Koa, wait?: Wait): Koa.Middleware;
}

const AT_ONCE: Wait = async () => {};
const OURS = { stored: true, merges: false, asKoaSession: false, control: false };

// biome-ignore lint/suspicious/noExplicitAny: options of each form.
const ours = (options: any) => session(options) as unknown as Koa.Middleware;
const slowMemory = (wait: Wait) => waitingStore(memory(), wait);
const slowRows = (wait: Wait) => plainRows(new Map(), async (act) => wait().then(act));

const OUR_FORMS: Form[] = [
  { ...OURS, name: "app.keys, in the cookie", stored: false, make: () => ours({}) },
  { ...OURS, name: "app.keys, in a store", merges: true, make: (_app, wait = AT_ONCE) => ours({ store: slowMemory(wait) }) },
  { ...OURS, name: "app.keys, in three methods", make: (_app, wait = AT_ONCE) => ours({ store: slowRows(wait) }) },
  { ...OURS, name: "secrets, in the cookie", stored: false, make: () => ours({ secrets: SECRET }) },
  {
    ...OURS,
    name: "secrets, in a store",
    merges: true,
    make: (_app, wait = AT_ONCE) => ours({ secrets: SECRET, store: slowMemory(wait) }),
  },
  {
    ...OURS,
    name: "secrets, in three methods",
    make: (_app, wait = AT_ONCE) => ours({ secrets: SECRET, store: slowRows(wait) }),
  },
];

/** The function of koa-session, or one like it. */
type KoaSession = (options: object, app: Koa) => Koa.Middleware;

/** A store as koa-session takes it. */
function koaSessionStore(wait: Wait = AT_ONCE): object {
  const rows = new Map<string, string>();
  return {
    get: (key: string) => wait().then(() => JSON.parse(rows.get(key) ?? "null")),
    set: (key: string, value: object) => wait().then(() => void rows.set(key, JSON.stringify(value))),
    destroy: (key: string) => wait().then(() => void rows.delete(key)),
  };
}

function asKoaSession(name: string, make: KoaSession, control: boolean): Form[] {
  const shared = { merges: false, asKoaSession: true, control };
  return [
    { ...shared, name: `${name}, in the cookie`, stored: false, make: (app) => make({}, app) },
    { ...shared, name: `${name}, in a store`, stored: true, make: (app, wait) => make({ store: koaSessionStore(wait) }, app) },
  ];
}

/** What is used as koa-session is. The library's own entry for it is one line more here. */
export const KOA_SESSIONS: [string, KoaSession, control: boolean][] = [
  ["koa-session itself", packages("koa-session").createSession, true],
  ["as koa-session", koaSession as unknown as KoaSession, false],
];

const FORMS: Form[] = [...OUR_FORMS, ...KOA_SESSIONS.flatMap((one) => asKoaSession(...one))];

export const KOAS: [string, typeof Koa][] = [
  ["Koa 2", packages("koa2")],
  ["Koa 3", packages("koa3").default ?? packages("koa3")],
];

/** Each form on each Koa. */
export const EVERYWHERE: [koa: string, name: string, form: Form, Application: typeof Koa][] = KOAS.flatMap(([koa, Application]) =>
  FORMS.map((form): [string, string, Form, typeof Koa] => [koa, form.name, form, Application]),
);
