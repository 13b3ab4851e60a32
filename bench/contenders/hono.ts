/**
 * The session libraries for Hono.
 *
 * @module
 */
import { useSession, useSessionStorage } from "@hono/session";
import { CookieStore, MemoryStore, sessionMiddleware } from "hono-sessions";
import { type HonoContext, honoApp } from "../frameworks/hono.ts";
import type { App } from "../harness/app.ts";
import type { Contender } from "../harness/contender.ts";
import { type Data, type Deeds, onMap } from "./deeds.ts";
import { SECRET } from "./secrets.ts";

const varSession = onMap<HonoContext>((c) => c.var.session);

/** @hono/session has a way of its own, in which every use is awaited. */
const honoSession: Deeds<HonoContext> = {
  read: async (c) => ((await c.var.session.get()) as Partial<Data> | null)?.user?.name,
  count: async (c) => ((await c.var.session.get()) as Partial<Data> | null)?.counter,
  write: (c, counter) => c.var.session.update((before: Data | null) => ({ ...before, counter })),
  create: (c, data) => c.var.session.update(data),
};

const day = 24 * 60 * 60;
const duration = { absolute: day };
const hex = Buffer.from(SECRET).toString("hex").slice(0, 32);
const common = { ours: false, framework: "hono" } as const;
const cookieOptions = { sameSite: "Lax", path: "/", httpOnly: true } as const;

function honoSessions(store: CookieStore | MemoryStore, encryptionKey?: string): App {
  const options = { store: store as never, expireAfterSeconds: day, autoExtendExpiration: false, cookieOptions };
  return honoApp(varSession, sessionMiddleware({ ...options, ...(encryptionKey !== undefined && { encryptionKey }) }));
}

export const honoContenders: readonly Contender[] = [
  {
    ...common,
    name: "@hono/session (cookie)",
    kind: "encrypted",
    app: () => honoApp(honoSession, useSession({ secret: hex, duration })),
  },
  {
    ...common,
    name: "@hono/session (store)",
    kind: "store",
    app: () => {
      const sessions = new Map<string, Data>();
      const storage = {
        get: (id: string) => sessions.get(id) ?? null,
        set: (id: string, data: Data) => void sessions.set(id, data),
        delete: (id: string) => void sessions.delete(id),
      };
      return honoApp(honoSession, useSessionStorage(storage), useSession({ secret: hex, duration }));
    },
  },
  { ...common, name: "hono-sessions (cookie)", kind: "encrypted", app: () => honoSessions(new CookieStore(), SECRET) },
  { ...common, name: "hono-sessions (store, sealed id)", kind: "store", app: () => honoSessions(new MemoryStore(), SECRET) },
  { ...common, name: "hono-sessions (store, bare id)", kind: "store", app: () => honoSessions(new MemoryStore()) },
];
