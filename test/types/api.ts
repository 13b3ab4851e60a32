/** What must compile, and what must not. Checked by `tsc -p test`; nothing here runs. */
import { Hono } from "hono";
import { z } from "zod";
import { defineCodec } from "../../src/accept/define.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { type SessionVariables, session } from "../../src/adapters/hono.ts";
import { copy } from "../../src/features/copy.ts";
import { fetched } from "../../src/features/fetched.ts";
import { schema } from "../../src/features/schema.ts";
import { watch } from "../../src/features/watch.ts";
import {
  type Claims,
  createSessions,
  type DataError,
  GoneError,
  type Key,
  type Move,
  type MovedMark,
  SessionError,
  type SessionEvent,
  type SessionOptions,
  type SessionRecord,
  type SessionStore,
  type Sessions,
  type StoredSessions,
  StoreError,
  type TokenCodec,
  type UpdateResult,
} from "../../src/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { defineStore } from "../../src/stored/define.ts";
import { SECRET } from "../support/secrets.ts";

interface Data {
  views: number;
  cart: string[];
}

const sessions = createSessions<Data>({ secrets: SECRET });

export const fetch = sessions.handler(async (_request, visitor, env: { KV: string }) => {
  // @ts-expect-error: any key may be missing, since sessions end.
  const certain: number = visitor.data.views;
  visitor.data.views = (visitor.data.views ?? 0) + 1;
  // @ts-expect-error: a number is no text.
  visitor.data.views = "one";
  // @ts-expect-error: the application's data has no such key.
  visitor.data.wives = 1;
  // @ts-expect-error: the id is the library's to change.
  visitor.id = "mine";
  const left: number = await visitor.update((data) => (data.views = (data.views ?? 0) - 1));
  const notice: string | undefined = visitor.takeFlash<string>("notice");
  // A number at once: no forgotten `await` can pass a check.
  const age: number = visitor.loginAge;
  const moved: "moved" | undefined = visitor.gone;
  visitor.regenerateId({ graceSeconds: moved === undefined && age > 60 ? 10 : 0 });
  // @ts-expect-error: a grace is a number of seconds.
  visitor.regenerateId({ graceSeconds: "10" });
  // @ts-expect-error: there is no such option.
  visitor.regenerateId({ grace: 10 });
  visitor.login("ada", moved === undefined ? {} : { idleTimeout: 60, absoluteTimeout: 3600 });
  // @ts-expect-error: timeouts are in seconds, as everywhere.
  visitor.login("ada", { idleTimeout: "60 days" });
  // @ts-expect-error: how old a login is says the session; nobody sets it.
  visitor.loginAge = 0;
  return new Response(`${env.KV} ${certain} ${left} ${notice}`);
});

const web = session<Data>({ secrets: SECRET });
const admin = session<{ level: number }>({ secrets: SECRET, name: "admin" });
const app = new Hono<{ Variables: SessionVariables<Data> & SessionVariables<{ level: number }, "admin"> }>().use(web, admin);
app.get("/", (c) => {
  const cart: string[] | undefined = c.var.session.data.cart;
  const level: number | undefined = c.var.admin.data.level;
  // @ts-expect-error: the accessor knows the data, too.
  web.get(c).data.views = "one";
  return c.json({ cart, level });
});

// @ts-expect-error: secrets are required.
createSessions({});
createSessions({ secrets: SECRET, crypto: nodeCrypto });
// @ts-expect-error: what makes tokens is a value of ours, not the runtime's cryptography.
createSessions({ secrets: SECRET, crypto: globalThis.crypto });
// @ts-expect-error: nor anything that looks like it.
createSessions({ secrets: SECRET, crypto: {} });
// @ts-expect-error: there is no second argument.
createSessions({ secrets: SECRET }, nodeCrypto);
// @ts-expect-error: sameSite is one of three words.
createSessions({ secrets: SECRET, cookie: { sameSite: "Lax" } });

export function narrows(error: unknown, event: SessionEvent): string {
  if (event.type === "expired") return event.reason satisfies "idle" | "absolute";
  if (event.type === "lost") return `${event.id} ${event.reason satisfies "ended" | "moved" | "late"}`;
  if (event.type === "moved") return event.reason satisfies "load";
  if (!(error instanceof SessionError)) return "";
  if (error instanceof StoreError) return error.code satisfies "ERR_STORE";
  if (error instanceof GoneError) return `${error.status satisfies 409} ${error.why satisfies "ended" | "moved"}`;
  // @ts-expect-error: there is no such code.
  return error.code === "ERR_NOTHING" ? "" : error.code;
}

export function narrowsByCode(error: StoreError | DataError): boolean {
  if (error.code === "ERR_STORE") return error.retryable;
  // @ts-expect-error: a DataError is not about a store.
  return error.retryable;
}

/** What authors of stores and codecs write: no type of ours but those that the entry gives. */
declare const rows: Map<string, SessionRecord>;
const gone: UpdateResult = { ok: false, why: "gone" };
export const store: SessionStore = {
  guarantees: { atomic: true, immediate: true },
  load: async ({ id }) => rows.get(id) ?? null,
  create: async ({ id }: Key, record) => void rows.set(id, record),
  update: async () => gone,
  replace: async (_oldKey, newKey, _patch, _record, { by, graceSeconds, maxSessions }: Move) => {
    const mark: MovedMark = { movedAt: 1, to: newKey, by, graceUntil: 1 + graceSeconds };
    return { ok: true, version: mark.movedAt + (maxSessions ?? 0) };
  },
  touch: async () => false,
  remove: async ({ id }) => void rows.delete(id),
  take: async ({ id }) => rows.get(id) ?? null,
};
// @ts-expect-error: a mark says what moved the session.
export const mark: MovedMark = { movedAt: 1, to: { id: "" } };
// @ts-expect-error: and where it is now.
export const lost: MovedMark = { movedAt: 1, by: "login" };
const { take: _take, ...without } = store;
// @ts-expect-error: a store gives out what may be used once.
export const untaken: SessionStore = without;
// @ts-expect-error: what came of a change is said in one of three words.
store.update = async () => ({ ok: false, why: "busy" });
// @ts-expect-error: a store says what it promises.
export const silent: SessionStore = { ...store, guarantees: {} };

const stored = createSessions<Data>({ secrets: SECRET, store: defineStore(store), copy: copy({ maxAge: 60 }), maxSessions: 3 });
export const typed: StoredSessions<Data> = stored;
export const loose: Sessions<Data> = stored;
export const remembered: Promise<(number | undefined)[]> = stored
  .list("alice")
  .then((all) => all.map(({ idleTimeout }) => idleTimeout));
export const listed: Promise<unknown>[] = [stored.list("alice"), stored.revoke("alice", "id"), stored.revokeAll("alice")];
// @ts-expect-error: sessions in their cookies cannot be listed.
sessions.list("alice");
// @ts-expect-error: nor ended one by one.
sessions.revoke("alice", "id");
// @ts-expect-error: nor all at once.
sessions.revokeAll("alice");
// @ts-expect-error: a store of one's own is defined first.
createSessions({ secrets: SECRET, store });
// @ts-expect-error: what is no store cannot be defined.
defineStore(without);
// @ts-expect-error: a copy is made by copy().
createSessions({ secrets: SECRET, store: defineStore(store), copy: { maxAge: 60 } });
// @ts-expect-error: a copy says for how long it is good.
copy({});
// A store that can list has its methods still, and nothing else.
const own = defineStore({ ...store, list: async (_subject: string) => [], close: () => {} });
export const ownList: Promise<unknown> = own.list("alice");
// @ts-expect-error: what is no part of the contract is left out.
own.close();

/** Options from elsewhere: whether there is a store is asked at run time. */
export function lists(options: SessionOptions<Data>): unknown {
  const some = createSessions(options);
  // @ts-expect-error: there may be none.
  some.list("alice");
  return "list" in some ? some.list("alice") : undefined;
}

export async function watching(request: Request): Promise<Response> {
  await watch(stored, request, { trustedOrigins: ["https://admin.example.com"] });
  // @ts-expect-error: sessions in their cookies cannot be watched.
  return watch(sessions, request);
}

createSessions({ secrets: fetched({ get: async () => SECRET }) });
createSessions({ secrets: fetched([SECRET, undefined, { get: async () => SECRET }]) });
createSessions({ secrets: fetched(async () => [SECRET]) });
// @ts-expect-error: what must be fetched is given by fetched().
createSessions({ secrets: { get: async () => SECRET } });
// @ts-expect-error: a function, too.
createSessions({ secrets: async () => SECRET });
// @ts-expect-error: there is nothing to fetch.
fetched(SECRET);

const shop = createSessions({
  secrets: SECRET,
  schema: schema(z.object({ views: z.number() }), { migrate: ({ visits }) => ({ views: Number(visits) }) }),
});
export const shopData: StoredSessions<{ views: number }> | Sessions<{ views: number }> = shop;
// @ts-expect-error: a schema is made one by schema().
createSessions({ secrets: SECRET, schema: z.object({ views: z.number() }) });
// @ts-expect-error: the schema is of other data.
createSessions<Data>({ secrets: SECRET, schema: schema(z.object({ views: z.string() })) });
// @ts-expect-error: what migrates belongs to the schema.
createSessions({ secrets: SECRET, migrate: (data: Record<string, unknown>) => data });

export const codec: TokenCodec = {
  open: (token) => (token === "" ? "malformed" : { claims: JSON.parse(token) as Claims }),
  seal: async (claims) => JSON.stringify(claims),
};
// @ts-expect-error: what is no token of ours is answered with a fault, not with null.
codec.open = () => null;
createSessions({ secrets: SECRET, accept: [defineCodec(codec), ownTokens({ secrets: SECRET, name: "before" })] });
// @ts-expect-error: a codec of one's own is defined first.
createSessions({ secrets: SECRET, accept: [codec] });
