/**
 * The usual way, using koa-session itself. Its sessions are in
 * this process, or in the cookie if the place has no store.
 */
import Koa, { type Context } from "koa";
import koaSession from "koa-session";
import { nameOf, type Place, type Playground, type Rival } from "./places.ts";
import { type RaceData, raceStep } from "./race.ts";

export const koaSessionRival: Rival = {
  title: "koa-session",
  code: "ctx.session[item] = true;",
  about: "The npm package, in this server. It reads and writes the whole session.",
};

/** Handles its side of the race in a separate application, since its `ctx.session` is a different one. */
export function usualRace(place: Place, { secrets }: Playground): (ctx: Context, address: string) => Promise<boolean> {
  const app = new Koa();
  app.keys = [secrets];
  const rows = new Map<string, string>();
  const store = {
    get: async (key: string) => JSON.parse(rows.get(key) ?? "null"),
    set: async (key: string, session: object) => void rows.set(key, JSON.stringify(session)),
    destroy: async (key: string) => void rows.delete(key),
  };
  app.use(koaSession({ key: nameOf(place, "usual"), ...(place.options.store !== undefined && { store }) }, app));
  app.use(async (ctx) => {
    const step = ctx.path.slice(ctx.path.lastIndexOf("/") + 1);
    const kept = await raceStep(ctx.session as RaceData, ctx.method, step);
    if (kept !== undefined) ctx.body = kept;
  });
  const serve = app.callback();
  return async (ctx) => {
    ctx.respond = false;
    ctx.res.statusCode = 404;
    await serve(ctx.req, ctx.res);
    return true;
  };
}
