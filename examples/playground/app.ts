/** A place of the playground as a Hono app: its session, pages and forms. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { SessionOptions } from "web-session-store";
import { devices } from "web-session-store/devices";
import { session } from "web-session-store/hono";
import { watch } from "web-session-store/watch";
import { type Action, actions, sideActions } from "./actions.ts";
import { placeDevices, sideDevices, sidePage } from "./browsers.ts";
import { PAGE_HEADERS } from "./headers.ts";
import { homePage, lookPage, show } from "./page.ts";
import { canWatch, cookieNames, type Data, nameOf, type Place, type Playground, SIDES, type Side, type Visit } from "./places.ts";
import { type RaceData, raceStep, wholeStep } from "./race.ts";
import { carriedIn, carry, dropCarried, raceHeader, withReports } from "./report.ts";
import { noteEvent, traced } from "./trace.ts";

export function placeApp(place: Place, playground: Playground): Hono {
  const web = session<Data>({ secrets: playground.secrets, onEvent: noteEvent, ...place.options } as SessionOptions<Data>);
  const stored = "list" in web.sessions ? web.sessions : undefined;
  const visitOf = (c: Context): Visit => ({
    place,
    session: web.get(c),
    stored,
    userAgent: c.req.header("User-Agent") ?? "",
  });
  const app = new Hono();
  app.use(pageHeaders);
  app.route("/", raceApp(place, playground));
  if (stored !== undefined) {
    for (const side of SIDES) app.route(`/${side}`, sideApp(place, side, playground));
    // This page loads the session itself.
    const page = devices(stored, { ...live(place), login: `${place.path}/ended`, layout: (parts) => placeDevices(place, parts) });
    app.all("/sessions", (c) => page(c.req.raw));
    if (canWatch(place)) app.get("/watch", (c) => watch(stored, c.req.raw));
  }

  // read() does not count as use, so an open page that polls does not keep its session alive.
  app.get("/alive", async (c) => {
    const snapshot = await web.sessions.read(c.req.raw);
    return c.body(null, snapshot?.subject === undefined ? 401 : 204, { "Cache-Control": "no-store" });
  });

  app.use(reporting(place), web);
  app.get("/", (c) => {
    const visit = visitOf(c);
    return c.html(homePage(visit, playground, show(visit)));
  });
  app.get("/look", (c) => c.html(lookPage(visitOf(c), playground)));

  // An open page goes here after a logout. This browser may still have a copy of the session, so ask the store.
  app.get("/ended", async (c) => {
    const visitor = web.get(c);
    await visitor.ready({ fresh: true });
    if (visitor.subject === undefined) visitor.logout();
    return c.redirect(`${place.path}/`, 303);
  });
  addForms(app, actions, visitOf, `${place.path}/`);
  return app;
}

/** How an open page of the library learns that its session has ended. */
function live(place: Place) {
  return canWatch(place) ? { watch } : { askEvery: 2 };
}

function addForms(app: Hono, forms: Readonly<Record<string, Action>>, visitOf: (c: Context) => Visit, next: string): void {
  for (const [name, action] of Object.entries(forms)) {
    app.post(`/${name}`, bodyLimit({ maxSize: 10_000 }), async (c) => {
      // A malformed form is the client's fault, not a server error.
      const form = await c.req.parseBody().catch(() => undefined);
      if (form === undefined) return c.text("This form cannot be read.", 400);
      await action(visitOf(c), (field) => (typeof form[field] === "string" ? form[field].trim() : ""));
      return c.redirect(next, 303);
    });
  }
}

/** One of the two browsers: its own cookie, but the same users in the same store. */
function sideApp(place: Place, side: Side, { secrets }: Playground): Hono {
  const options = { secrets, store: place.options.store, name: nameOf(place, side) } as SessionOptions<Data>;
  const web = session<Data>(options);
  const home = `${place.path}/${side}/`;
  const app = new Hono();
  if ("list" in web.sessions) {
    const page = devices(web.sessions, { ...live(place), login: home, layout: (parts) => sideDevices(place, side, parts) });
    app.all("/sessions", (c) => page(c.req.raw));
  }
  app.use(web);
  app.get("/", (c) =>
    web.get(c).subject === undefined
      ? c.html(sidePage(place, side))
      : c.redirect(`${home}sessions${new URL(c.req.url).search}`, 303),
  );
  const visitOf = (c: Context) => ({
    place,
    session: web.get(c),
    stored: undefined,
    userAgent: c.req.header("User-Agent") ?? "",
    side,
  });
  // On `?changed`, the surrounding page refreshes the other side.
  addForms(app, sideActions as never, visitOf, `${home}?changed`);
  return app;
}

/** Both sides of the race, in the same store. */
function raceApp(place: Place, { secrets }: Playground): Hono {
  const app = new Hono();
  const lane = <Lane extends object>(part: "race" | "usual", step: typeof raceStep | typeof wholeStep) => {
    const { store } = place.options;
    const web = session<Lane>({ secrets, store, name: nameOf(place, part) } as SessionOptions<Lane>);
    app.use(`/${part}/*`, async (c, next) => {
      const { method, path } = c.req;
      const report = await traced({ method, path, cookie: "", names: [] }, async () => {
        await (web as MiddlewareHandler)(c, next);
        return [];
      });
      c.header("Playground-Calls", raceHeader(report));
    });
    app.all(`/${part}/:step`, async (c) => {
      const kept = await step(web.get(c).data as RaceData, c.req.method, c.req.param("step"));
      return kept === undefined ? c.notFound() : c.json(kept);
    });
  };
  lane<RaceData>("race", raceStep);
  lane<{ whole: RaceData }>("usual", wholeStep as typeof raceStep);
  return app;
}

const pageHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  if (!c.res.headers.get("Content-Type")?.startsWith("text/html")) return;
  for (const [header, value] of Object.entries(PAGE_HEADERS)) c.header(header, value);
};

/** Runs around the session middleware to see what happens after the handler. The next page shows a form's report. */
function reporting(place: Place) {
  const names = cookieNames(place);
  return async (c: Context, next: () => Promise<void>) => {
    const cookie = c.req.header("Cookie") ?? "";
    const report = await traced({ method: c.req.method, path: c.req.path, cookie, names }, async () => {
      await next();
      return c.res.headers.getSetCookie();
    });
    if (c.res.status === 303) c.header("Set-Cookie", carry(report), { append: true });
    if (!c.res.headers.get("Content-Type")?.startsWith("text/html")) return;
    const before = carriedIn(cookie);
    c.res = new Response(await withReports(await c.res.text(), report, before), c.res);
    if (before !== undefined) c.header("Set-Cookie", dropCarried, { append: true });
  };
}
