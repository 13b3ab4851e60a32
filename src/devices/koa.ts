/**
 * The page of `web-session-store/devices` as Koa middleware.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import type { StoredSessions } from "../manager/seam.ts";
import { answer, assertStored } from "./answer.ts";
import { type DevicesOptions, settle } from "./options.ts";

export { deviceOf } from "./device.ts";
export type { DevicesOptions } from "./options.ts";
export type { DevicesPage } from "./page.ts";
export type { DevicesTexts } from "./texts.ts";

/** The part of Koa's context that is used. */
export interface DevicesKoaContext {
  readonly method: string;
  /** From `Host` or, with `app.proxy`, from `X-Forwarded-Host`. */
  readonly host: string;
  readonly secure: boolean;
  readonly querystring: string;
  status: number;
  body: unknown;
  get(name: string): string;
  set(name: string, value: string): unknown;
  append(name: string, value: string): unknown;
}

/**
 * Returns the middleware. It handles every request it gets, so pass it only those for its address. See `devices` of
 * `web-session-store/devices`. The option `watch` is not available.
 *
 * @param web The session middleware, with a store that lists. In the compatible mode, without `secrets`, it must have
 * run before.
 * @throws OptionError if an option cannot be used. During a request, OptionError without such a store, StoreError if it
 * fails.
 *
 * @example
 * ```ts
 * import { devices } from "web-session-store/devices/koa";
 * import { session } from "web-session-store/koa";
 *
 * const web = session({ secrets: SECRET, store });
 * const devicesPage = devices(web, { login: "/login" });
 * app.use(web);
 * app.use((ctx, next) => (ctx.path === "/account/sessions" ? devicesPage(ctx) : next()));
 * ```
 */
export function devices<Data extends object, Context extends DevicesKoaContext = DevicesKoaContext>(
  web: { readonly sessions: StoredSessions<Data> },
  options: Omit<DevicesOptions<Context>, "watch"> = {},
): (ctx: Context) => Promise<void> {
  if ("watch" in options) cannot("use option watch", "Koa does not handle WebSockets. Use askEvery.");
  const settled = settle(options);
  return async (ctx) => {
    const { host, querystring } = ctx;
    const sessions = web.sessions as unknown as StoredSessions<never>;
    assertStored(sessions);
    const query = new URLSearchParams(querystring);
    await put(ctx, await answer({ request: requestOf(ctx), host, query, incoming: ctx }, sessions, settled));
  };
}

/**
 * The parts of a request that sessions read. A real `Request` would throw for hostile input, such as an invalid `Host`.
 */
function requestOf(ctx: DevicesKoaContext): Request {
  const headers = { get: (name: string) => ctx.get(name) || null };
  return { method: ctx.method, url: `http${ctx.secure ? "s" : ""}://${ctx.host}/`, headers } as unknown as Request;
}

async function put(ctx: DevicesKoaContext, response: Response): Promise<void> {
  ctx.status = response.status;
  for (const [name, value] of response.headers) ctx[name === "set-cookie" ? "append" : "set"](name, value);
  ctx.body = await response.text();
}
