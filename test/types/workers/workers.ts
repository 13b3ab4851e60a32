/** What must compile with the types of Workers. Checked by `tsc -p test/types/workers`; nothing here runs. */
import { createSessions, type Session } from "web-session-store";
import { fetched } from "web-session-store/secrets";
import { d1 } from "web-session-store/stores/d1";
import { durableObject, type ObjectNamespace } from "web-session-store/stores/durable-object";
import { kv } from "web-session-store/stores/kv";
import { SessionObject } from "web-session-store/stores/session-object";
import { watch } from "web-session-store/watch";

export { SessionObject };

interface Env {
  readonly SESSION_SECRET: string;
  readonly VAULT: SecretsStoreSecret;
  readonly SESSIONS: DurableObjectNamespace<SessionObject>;
  readonly UNTYPED: DurableObjectNamespace;
  readonly KV: KVNamespace;
  readonly DB: D1Database;
}
declare const env: Env;

interface Data {
  views: number;
}
type Incoming = Request<unknown, IncomingRequestCfProperties>;

export const stores = [durableObject(env.SESSIONS), durableObject(env.UNTYPED), kv(env.KV), d1(env.DB)];
// Types from before August 2025, which have no getByName.
export const older: ObjectNamespace = env.SESSIONS as Omit<DurableObjectNamespace<SessionObject>, "getByName">;

const sessions = createSessions<Data>({ secrets: fetched([env.SESSION_SECRET, env.VAULT]), store: durableObject(env.SESSIONS) });
export const vault = createSessions({ secrets: fetched(env.VAULT) });
const simple = sessions.handler(async (request, visitor) => new Response(`${request.url} ${visitor.data.views}`));

// As the handler of a Worker, in each way to write it.
export const alone = { fetch: simple } satisfies ExportedHandler<Env>;
export const declared: ExportedHandler<Env> = { fetch: (request) => simple(request) };
export const inferred = {
  fetch: sessions.handler(async (request, visitor, one: Env, context: ExecutionContext) => {
    context.waitUntil(Promise.resolve(one.KV.get("key")));
    return new Response(`${request.method} ${visitor.subject}`);
  }),
} satisfies ExportedHandler<Env>;
export const annotated = {
  fetch: sessions.handler(async (request: Incoming, visitor, _env: Env) => {
    const colo: string | undefined = request.cf?.colo;
    return new Response(`${colo} ${visitor.data.views}`);
  }),
} satisfies ExportedHandler<Env>;
export const checked: ExportedHandler<Env> = annotated;
export const explicit = sessions.handler<[Env], Incoming>(async (request, _visitor, one) => {
  return new Response(`${request.cf?.colo} ${one.SESSION_SECRET}`);
});
export const withRest = sessions.handler<[Env]>(async (_request, _visitor, one) => new Response(one.SESSION_SECRET));

export default {
  async fetch(request, one, context) {
    const visitor: Session<Data> = await sessions.load(request);
    context.waitUntil(sessions.read(request));
    if (request.headers.get("Upgrade") === "websocket") return watch(sessions, request);
    if (one.KV === undefined) return new Response("hello");
    await explicit(request, one);
    return sessions.apply(visitor, new Response("hello"));
  },
} satisfies ExportedHandler<Env>;

// @ts-expect-error: what a handler is given is a request.
sessions.handler(async (request: string) => new Response(request));
// @ts-expect-error: a handler answers.
sessions.handler(async () => "hello");
// @ts-expect-error: this is no binding of an object.
durableObject(env.KV);
