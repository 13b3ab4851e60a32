/** What must compile with Hono's types, and what must not. Checked by `tsc -p test`; nothing here runs. */
import { Hono, type MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { type HonoSession, type SessionVariables, session } from "../../src/adapters/hono.ts";
import { csrf } from "../../src/csrf/hono.ts";
import { schema } from "../../src/features/schema.ts";
import type { Session, SessionOptions, SessionStore, StoredSessions } from "../../src/index.ts";
import { defineStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { SECRET } from "../support/secrets.ts";

interface Data {
  views: number;
}
interface Admin {
  level: number;
}

declare const ownStore: SessionStore;

const web = session<Data>({ secrets: SECRET, store: memory() });
const admin = session<Admin, "admin">({ secrets: SECRET, name: "admin" });

// Chained, the session is typed without a word.
new Hono()
  .use(csrf())
  .use(web)
  .get("/", (c) => {
    const views: number | undefined = c.var.session.data.views;
    const same: Session<Data> = c.get("session");
    // @ts-expect-error: a number is no text.
    c.var.session.data.views = "one";
    // @ts-expect-error: no such session was used.
    c.var.admin;
    return c.json({ views, subject: same.subject, mine: web.get(c).data.views });
  });

// Two of them, at once or one after the other, on paths, before one handler, and beside variables and bindings of one's own.
new Hono().use(web, admin).get("/", (c) => c.json([c.var.session.data.views, c.var.admin.data.level]));
new Hono()
  .use(web)
  .use(admin)
  .get("/", (c) => c.json([c.var.session.data.views, c.var.admin.data.level]));
new Hono().use("/a/*", web).get("/a/b", (c) => c.json(c.var.session.data.views));
new Hono().get("/", web, (c) => c.json(c.var.session.data.views));
new Hono()
  .basePath("/api")
  .use(web)
  .get("/", (c) => c.json(c.var.session.data.views));
const own = createMiddleware<{ Variables: { lang: string } }>(async (_c, next) => next());
interface Own {
  Bindings: { KV: string };
  Variables: { user: string };
}
new Hono<Own>()
  .use(web, own)
  .get("/", (c) => c.json([c.var.session.data.views, c.var.user.length, c.var.lang.length, c.env.KV.length]));

// As before: the application says it once, and need not chain.
const app = new Hono<{ Variables: SessionVariables<Data> & SessionVariables<Admin, "admin"> }>().use(web, admin);
app.use(web);
app.use("/admin/*", admin);
app.get("/", (c) => c.json([c.var.session.data.views, c.var.admin.data.level]));

// The name is known where it stands in the options; where nothing is said of the data, too.
new Hono().use(session({ secrets: SECRET, name: "shop" })).get("/", (c) => c.json(c.var.shop.data.anything));
new Hono()
  .use(session<Data, "shop">((env: { SECRET: string }) => ({ secrets: env.SECRET, name: "shop" })))
  .get("/", (c) => c.json(c.var.shop.data.views));
new Hono().use(session<Data>((env) => ({ secrets: env.SECRET }))).get("/", (c) => c.json(c.var.session.data.views));

// Only the data is given, and a name: what c.var has cannot be told, and nothing untrue is said. web.get(c) is typed.
const named = session<Data>({ secrets: SECRET, name: "shop" });
new Hono().use(named).get("/", (c) => {
  // @ts-expect-error: it is not there: the session is c.var.shop.
  c.var.session;
  return c.json(named.get(c).data.views);
});

// Where there is a store, a user's sessions can be listed.
const stored: StoredSessions<Data> = web.sessions;
const storedNamed: StoredSessions<Record<string, unknown>> = session({ secrets: SECRET, store: memory(), name: "shop" }).sessions;
const storedPerEnv = session<Data>((env: { SECRET: string }) => ({ secrets: env.SECRET, store: memory() }));
export const listed: unknown[] = [stored.list("alice"), storedNamed.list("alice"), storedPerEnv.sessions.revokeAll("alice")];
// @ts-expect-error: sessions in their cookies cannot be listed.
admin.sessions.list("alice");
// @ts-expect-error: nor those of options that are a function.
session<Data>((env: { SECRET: string }) => ({ secrets: env.SECRET })).sessions.list("alice");
// @ts-expect-error: a store of one's own is defined first.
session({ secrets: SECRET, store: ownStore });
session({ secrets: SECRET, store: defineStore(ownStore) }).sessions.list("alice");

// The schema says what the data is.
new Hono().use(session({ secrets: SECRET, schema: schema(z.object({ cart: z.array(z.string()) })) })).get("/", (c) => {
  const cart: string[] | undefined = c.var.session.data.cart;
  // @ts-expect-error: the schema knows no such key.
  c.var.session.data.views;
  return c.json(cart);
});

// Options from elsewhere, whose name is any text.
export function wrapped<D extends object>(options: SessionOptions<D>): MiddlewareHandler {
  return session<D>(options);
}
export const typed: HonoSession<Data> = web;
export const typedAdmin: HonoSession<Admin, "admin"> = admin;

// @ts-expect-error: there is no such option.
session<Data>({ secrets: SECRET, maxAge: 1 });
// @ts-expect-error: the name that is given is another one.
session<Data, "admin">({ secrets: SECRET, name: "shop" });
// @ts-expect-error: secrets are required.
session<Data>({});
