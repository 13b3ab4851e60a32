/** The places of the playground as a Koa app, with the same pages and forms as app.ts. */
import { text } from "node:stream/consumers";
import Koa, { type Context, type Middleware } from "koa";
import type { Session, SessionOptions } from "web-session-store";
import { csrf } from "web-session-store/csrf/koa";
import { type DevicesPage, devices } from "web-session-store/devices/koa";
import { getSession, session } from "web-session-store/koa";
import { type Action, actions, sideActions } from "./actions.ts";
import { placeDevices, sideDevices, sidePage } from "./browsers.ts";
import { PAGE_HEADERS } from "./headers.ts";
import { usualRace } from "./koa-usual.ts";
import { homePage, lookPage, show } from "./page.ts";
import { cookieNames, type Data, nameOf, type Place, type Playground, SIDES, type Side, type Visit } from "./places.ts";
import { publicFiles } from "./public-files.ts";
import { type RaceData, raceStep } from "./race.ts";
import { carriedIn, carry, dropCarried, raceHeader, withReports } from "./report.ts";
import { noteEvent, traced } from "./trace.ts";

/** Handles a path within a part of a place, such as "/login". False if it has no such path. */
type Answer = (ctx: Context, address: string) => Promise<boolean>;

export function koaPlayground(playground: Playground): Koa {
  const app = new Koa();
  // First, so that a form on another website cannot load or change a session.
  app.use(csrf());
  app.use(publicFiles);
  // The place at "/" comes last, since it matches every path.
  for (const place of playground.places.toReversed()) app.use(placeMiddleware(place, playground));
  return app;
}

/** Each part has its own path prefix. The first match handles the request. */
function placeMiddleware(place: Place, playground: Playground): Middleware {
  const parts: [address: string, answer: Answer][] = [
    ["/race", raceAnswer(place, playground)],
    ["/usual", usualRace(place, playground)],
    ...(place.options.store === undefined ? [] : SIDES.map((side) => sidePart(place, side, playground))),
    ["", homeAnswer(place, playground)],
  ];
  return async (ctx, next) => {
    if (ctx.path !== place.path && !ctx.path.startsWith(`${place.path}/`)) return next();
    const address = ctx.path.slice(place.path.length) || "/";
    for (const [start, answer] of parts) {
      if (address.startsWith(`${start}/`)) {
        await answer(ctx, address.slice(start.length));
        if (ctx.response.is("html")) ctx.set(PAGE_HEADERS);
        return;
      }
    }
  };
}

function homeAnswer(place: Place, playground: Playground): Answer {
  const middleware = session<Data>({ secrets: playground.secrets, onEvent: noteEvent, ...place.options } as SessionOptions<Data>);
  const { sessions } = middleware;
  const stored = "list" in sessions ? sessions : undefined;
  const report = reporting(place);
  // This page loads the session itself.
  const layout = (parts: DevicesPage) => placeDevices(place, parts);
  const page = stored && devices<Data>({ sessions: stored }, { askEvery: 2, login: `${place.path}/ended`, layout });

  return async (ctx, address) => {
    if (page !== undefined && address === "/sessions") {
      await page(ctx);
      return true;
    }
    if (address === "/alive") {
      // read() does not count as use, so an open page that polls does not keep its session alive.
      const snapshot = await sessions.read({ headers: { get: (name) => ctx.get(name) || null } });
      ctx.set("Cache-Control", "no-store");
      ctx.status = snapshot?.subject === undefined ? 401 : 204;
      return true;
    }
    const visitOf = (): Visit => ({ place, session: getSession<Data>(ctx), stored, userAgent: ctx.get("User-Agent") });
    await report(ctx, () => middleware(ctx as never, () => answerHome(ctx, address, visitOf(), playground)));
    return true;
  };
}

async function answerHome(ctx: Context, address: string, visit: Visit, playground: Playground): Promise<void> {
  if (ctx.method === "GET" && address === "/") {
    await sendPage(ctx, homePage(visit, playground, show(visit)));
  } else if (ctx.method === "GET" && address === "/look") {
    await sendPage(ctx, lookPage(visit, playground));
  } else if (ctx.method === "GET" && address === "/ended") {
    // An open page goes here after a logout. This browser may still have a copy of the session, so ask the store.
    await visit.session.ready({ fresh: true });
    if (visit.session.subject === undefined) visit.session.logout();
    seeOther(ctx, `${visit.place.path}/`);
  } else {
    await answerForm(ctx, address, actions, visit, `${visit.place.path}/`);
  }
}

/** One of the two browsers: its own cookie, but the same users in the same store. */
function sidePart(place: Place, side: Side, { secrets }: Playground): [address: string, answer: Answer] {
  const options = { secrets, store: place.options.store, name: nameOf(place, side) } as SessionOptions<Data>;
  const middleware = session<Data>(options);
  const home = `${place.path}/${side}/`;
  const page = devices<Data>(middleware as never, {
    askEvery: 2,
    login: home,
    layout: (parts) => sideDevices(place, side, parts),
  });
  const answer: Answer = async (ctx, address) => {
    if (address === "/sessions") await page(ctx);
    else {
      await middleware(ctx as never, async () => {
        const visitor = getSession<Data>(ctx);
        const visit = { place, session: visitor, stored: undefined, userAgent: ctx.get("User-Agent"), side };
        if (ctx.method === "GET" && address === "/") {
          if (visitor.subject === undefined) await sendPage(ctx, sidePage(place, side));
          else seeOther(ctx, `${home}sessions${ctx.search}`);
        }
        // On `?changed`, the surrounding page refreshes the other side.
        else await answerForm(ctx, address, sideActions as never, visit, `${home}?changed`);
      });
    }
    return true;
  };
  return [`/${side}`, answer];
}

function raceAnswer(place: Place, { secrets }: Playground): Answer {
  const options = { secrets, store: place.options.store, name: nameOf(place, "race") } as SessionOptions<RaceData>;
  const middleware = session<RaceData>(options);
  return async (ctx, address) => {
    const { method, path } = ctx;
    const report = await traced({ method, path, cookie: "", names: [] }, async () => {
      await middleware(ctx as never, async () => {
        const { data } = getSession(ctx) as unknown as Session<RaceData>;
        const kept = await raceStep(data as RaceData, method, address.slice(1));
        if (kept !== undefined) ctx.body = kept;
      });
      return [];
    });
    ctx.set("Playground-Calls", raceHeader(report));
    return true;
  };
}

async function answerForm(
  ctx: Context,
  address: string,
  forms: Readonly<Record<string, Action>>,
  visit: Visit,
  next: string,
): Promise<void> {
  const name = address.slice(1);
  if (ctx.method !== "POST" || !Object.hasOwn(forms, name)) return;
  // Browsers send a form's length, and Node reads no more than that.
  if (!(Number(ctx.request.length) <= 10_000)) ctx.throw(413);
  const form = new URLSearchParams(await text(ctx.req));
  await forms[name]?.(visit, (field) => form.get(field)?.trim() ?? "");
  seeOther(ctx, next);
}

function seeOther(ctx: Context, next: string): void {
  ctx.status = 303;
  ctx.redirect(next);
}

async function sendPage(ctx: Context, page: unknown): Promise<void> {
  ctx.type = "html";
  ctx.body = String(await page);
}

/** Runs around the session middleware to see what happens after the handler. The next page shows a form's report. */
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
    if (before !== undefined) ctx.append("Set-Cookie", dropCarried);
  };
}
