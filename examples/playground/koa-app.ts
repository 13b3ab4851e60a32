/** The places of the playground as a Koa app: what app.ts is to Hono. Pages and forms are the same. */
import { text } from "node:stream/consumers";
import Koa, { type Context, type DefaultState, type Middleware } from "koa";
import { csrf } from "web-session-store/csrf/koa";
import { getSession, type KoaSession, session } from "web-session-store/koa";
import { actions } from "./actions.ts";
import { PAGE_HEADERS } from "./headers.ts";
import { homePage, lookPage, show } from "./page.ts";
import { cookieNames, type Data, type Place, type Visit } from "./places.ts";
import { publicFiles } from "./public-files.ts";
import { carriedIn, carry, dropCarried, withReports } from "./report.ts";
import { noteEvent, traced } from "./trace.ts";

export function koaPlayground(places: readonly Place[], secrets: string): Koa {
  const app = new Koa();
  // Before the session: a form on another website loads nothing, and changes nothing.
  app.use(csrf());
  app.use(publicFiles);
  // The place at "/" comes last, since it would answer for all addresses.
  for (const place of places.toReversed()) app.use(placeMiddleware(place, places, secrets));
  return app;
}

function placeMiddleware(place: Place, places: readonly Place[], secrets: string): Middleware<DefaultState, KoaSession<Data>> {
  const middleware = session<Data>({ secrets, onEvent: noteEvent, ...place.options });
  const { sessions } = middleware;
  const stored = "list" in sessions ? sessions : undefined;
  const report = reporting(place);

  return async (ctx, next) => {
    if (ctx.path !== place.path && !ctx.path.startsWith(`${place.path}/`)) return next();
    const address = ctx.path.slice(place.path.length) || "/";
    if (address === "/alive") {
      // Reading is no use: a page that stays open and asks does not keep its session alive.
      const snapshot = await sessions.read({ headers: { get: (name) => ctx.get(name) || null } });
      ctx.set("Cache-Control", "no-store");
      ctx.status = snapshot?.subject === undefined ? 401 : 204;
      return;
    }
    const visitOf = (): Visit => ({ place, session: getSession<Data>(ctx), stored, userAgent: ctx.get("User-Agent") });
    await report(ctx, () => middleware(ctx, () => answer(ctx, address, visitOf(), places)));
  };
}

async function answer(ctx: Context, address: string, visit: Visit, places: readonly Place[]): Promise<void> {
  if (ctx.method === "GET" && address === "/") {
    ctx.type = "html";
    ctx.body = String(await homePage(visit, places, await show(visit)));
  } else if (ctx.method === "GET" && address === "/look") {
    ctx.type = "html";
    ctx.body = String(await lookPage(visit, places));
  } else if (ctx.method === "POST" && Object.hasOwn(actions, address.slice(1))) {
    // Browsers send the length of a form, and Node reads no more than that.
    if (!(Number(ctx.request.length) <= 10_000)) ctx.throw(413);
    const form = new URLSearchParams(await text(ctx.req));
    await actions[address.slice(1)]?.(visit, (field) => form.get(field)?.trim() ?? "");
    ctx.status = 303;
    ctx.redirect(`${visit.place.path}/`);
  }
}

/** Around the session's middleware, so that it also sees what is done after the handler: a form's report goes to the next page. */
function reporting(place: Place) {
  const names = cookieNames(place);
  return async (ctx: Context, next: () => Promise<void>) => {
    const cookie = ctx.get("Cookie");
    const report = await traced({ method: ctx.method, path: ctx.path, cookie, names }, async () => {
      await next();
      return [ctx.response.get("Set-Cookie") ?? []].flat();
    });
    if (ctx.status === 303) ctx.append("Set-Cookie", carry(report));
    if (!ctx.response.is("html") || typeof ctx.body !== "string") return;
    const before = carriedIn(cookie);
    ctx.body = await withReports(ctx.body, report, before);
    ctx.set(PAGE_HEADERS);
    if (before !== undefined) ctx.append("Set-Cookie", dropCarried);
  };
}
