/** A place of the playground as a Hono app: its session, its pages, its forms. */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { session } from "web-session-store/hono";
import { watch } from "web-session-store/watch";
import { actions } from "./actions.ts";
import { PAGE_HEADERS } from "./headers.ts";
import { homePage, lookPage, show } from "./page.ts";
import { canWatch, cookieNames, type Data, type Place, type Visit } from "./places.ts";
import { carriedIn, carry, dropCarried, withReports } from "./report.ts";
import { noteEvent, traced } from "./trace.ts";

export function placeApp(place: Place, places: readonly Place[], secrets: string): Hono {
  const web = session<Data>({ secrets, onEvent: noteEvent, ...place.options });
  const stored = "list" in web.sessions ? web.sessions : undefined;
  const visitOf = (c: Context): Visit => ({
    place,
    session: web.get(c),
    stored,
    userAgent: c.req.header("User-Agent") ?? "",
  });
  const app = new Hono();

  // Before the session's middleware: watch() looks at the session itself.
  if (stored && canWatch(place)) app.get("/watch", (c) => watch(stored, c.req.raw));

  // Reading is no use: a page that stays open and asks does not keep its session alive.
  app.get("/alive", async (c) => {
    const snapshot = await web.sessions.read(c.req.raw);
    return c.body(null, snapshot?.subject === undefined ? 401 : 204, { "Cache-Control": "no-store" });
  });

  app.use(reporting(place), web);

  app.get("/", async (c) => {
    const visit = visitOf(c);
    return c.html(homePage(visit, places, await show(visit)));
  });

  app.get("/look", (c) => c.html(lookPage(visitOf(c), places)));

  for (const [name, action] of Object.entries(actions)) {
    app.post(`/${name}`, bodyLimit({ maxSize: 10_000 }), async (c) => {
      // What is no form is the client's fault, and no reason to fail.
      const form = await c.req.parseBody().catch(() => undefined);
      if (form === undefined) return c.text("This form cannot be read.", 400);
      await action(visitOf(c), (field) => (typeof form[field] === "string" ? form[field].trim() : ""));
      return c.redirect(`${place.path}/`, 303);
    });
  }
  return app;
}

/** Around the session's middleware, so that it also sees what is done after the handler: a form's report goes to the next page. */
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
    for (const [header, value] of Object.entries(PAGE_HEADERS)) c.header(header, value);
    if (before !== undefined) c.header("Set-Cookie", dropCarried, { append: true });
  };
}
