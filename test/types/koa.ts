/** What must compile with Koa's types, and what must not. Checked by `tsc -p test`; nothing here runs. */
import Koa from "koa";
import { z } from "zod";
import { getSession, type KoaOptions, type KoaSecretOptions, session } from "../../src/adapters/koa/index.ts";
import { copy } from "../../src/features/copy.ts";
import { schema } from "../../src/features/schema.ts";
import type { SessionOptions, SessionStore, Sessions, StoredSessions } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { defineStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { SECRET } from "../support/secrets.ts";

interface Data {
  views: number;
}

declare const own: SessionStore;

const app = new Koa();
const typed = app.use(session<Data>());
typed.use((ctx) => {
  const views: number | undefined = ctx.session.views;
  ctx.session.views = (views ?? 0) + 1;
  ctx.session = { views: 1 };
  ctx.session = null;
  // @ts-expect-error: a number is no text.
  ctx.session.views = "one";
  // @ts-expect-error: the application's data has no such key.
  ctx.session.wives = 1;
  // @ts-expect-error: a session is an object, or null.
  ctx.session = "text";
  const subject: string | undefined = getSession<Data>(ctx).subject;
  ctx.body = subject;
});

app.use(session({ name: "mysite", store: "cookie", cookie: { maxAge: 3_600_000, signed: true, overwrite: true } }));
app.use(session({ secrets: SECRET, store: memory(), idleTimeout: 60 }));
app.use(session({ store: { load: (sid) => `{"sid":"${sid}"}`, save: async () => {}, remove: (sid) => Promise.resolve(sid) } }));
app.use(
  session({
    store: {
      *load(sid) {
        yield Promise.resolve();
        return sid;
      },
      *save() {
        yield Promise.resolve();
      },
      remove: async () => {},
    },
  }),
);
const cart = schema(z.object({ cart: z.array(z.string()) }));
new Koa().use(session({ secrets: SECRET, store: memory(), schema: cart })).use((ctx) => {
  const cart: string[] | undefined = ctx.session.cart;
  // @ts-expect-error: a number is no list.
  ctx.session.cart = 1;
  ctx.body = cart;
});
// @ts-expect-error: with app.keys, the timeouts and the name are Koa's; `readable` belongs to secrets.
app.use(session({ readable: true }));
// @ts-expect-error: app.keys sign by node:crypto, whatever is said.
app.use(session({ crypto: nodeCrypto }));
app.use(session({ secrets: SECRET, crypto: nodeCrypto }));
// @ts-expect-error: a store of one's own is defined first.
app.use(session({ secrets: SECRET, store: own }));
// @ts-expect-error: with app.keys, too.
app.use(session({ store: own }));
app.use(session({ secrets: SECRET, store: defineStore(own) }));
app.use(session({ store: defineStore(own) }));

// Where there is a store, a user's sessions can be listed.
const plain = { load: () => "", save: () => {}, remove: () => {} };
const stored: StoredSessions<Data>[] = [
  session<Data>({ secrets: SECRET, store: memory(), copy: copy({ maxAge: 60 }) }).sessions,
  session<Data>({ secrets: SECRET, store: plain }).sessions,
  session<Data>({ store: memory() }).sessions,
  session<Data>({ store: plain }).sessions,
];
const kept: Sessions<Data>[] = [
  session<Data>().sessions,
  session<Data>({ secrets: SECRET, store: null }).sessions,
  session<Data>({ store: "cookie" }).sessions,
];
// @ts-expect-error: sessions in their cookies cannot be listed.
session({ secrets: SECRET }).sessions.list("alice");
// @ts-expect-error: nor without options.
session().sessions.list("alice");
export const listed: unknown = [stored[0]?.list("alice"), kept];

/** Options from elsewhere: the manager says itself whether it can list. */
export function wrapped(options: SessionOptions | KoaOptions | KoaSecretOptions): unknown {
  const { sessions } = session(options);
  // @ts-expect-error: it may have no store.
  sessions.list("alice");
  return "list" in sessions ? sessions.list("alice") : undefined;
}
// @ts-expect-error: a store has three methods at least.
app.use(session({ store: { load: () => "" } }));
