/** One browser and one store, and koa-session before and after: nobody is logged out when a team changes one import, or changes it back. */
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { session } from "../../src/adapters/koa-session/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { packages } from "./packages.ts";
import { rowsOfKoaSession } from "./rows.ts";

afterAll(closeServers);

// biome-ignore lint/suspicious/noExplicitAny: whatever koa-session and its users put there.
type Context = any;
type Make = (options: object, app: Koa) => Koa.Middleware;

const theirs: Make = packages("koa-session").createSession;
const ours = session as unknown as Make;

/** An application that does what a request says, in a browser that is given. */
function serve(make: Make, options: object) {
  const app: Koa = new (packages("koa3").default ?? packages("koa3"))();
  app.keys = [SECRET];
  app.silent = true;
  const events: [string, unknown][] = [];
  for (const event of ["session:missed", "session:expired", "session:invalid"])
    app.on(event, ({ key }: { key?: string }) => events.push([event, key]));
  app.use(make(options, app));
  let act: (ctx: Context) => unknown = () => null;
  app.use(async (ctx) => {
    ctx.body = { result: (await act(ctx)) ?? null };
  });
  const answer = serveNode(app.callback());
  const does = async (browser: Browser, next: typeof act) => {
    act = next;
    // The browser is the same, whichever application it speaks to.
    const cookie = browser.cookieHeader();
    const headers: Record<string, string> = cookie === "" ? {} : { Cookie: cookie };
    const response = await answer(new Request("http://app.example.com/", { headers }));
    browser.receive(response);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return ((await response.json()) as { result: unknown }).result;
  };
  return { does, events, app };
}

const seen = (ctx: Context) => ctx.session.toJSON();

describe.each([
  ["in the cookie", () => ({})],
  ["in a store", () => ({ store: rowsOfKoaSession() })],
  ["in a store, with a prefix", () => ({ store: rowsOfKoaSession(), prefix: "app:" })],
  ["in the cookie, until the browser closes", () => ({ maxAge: "session" })],
])("7.0.2, ours, ours, 7.0.2: %s", (_where, optionsOf) => {
  it("each sees what the one before wrote", async () => {
    const options = optionsOf();
    const browser = new Browser(async () => new Response());
    const steps = [serve(theirs, { ...options }), serve(ours, options), serve(ours, options), serve(theirs, { ...options })];
    let views = 0;
    for (const { does } of steps) {
      const told = await does(browser, (ctx) => {
        ctx.session.views = (ctx.session.views ?? 0) + 1;
        ctx.session.name = "Жанна";
        return [ctx.session.isNew, seen(ctx)];
      });
      views++;
      expect(told).toEqual([views === 1, { views, name: "Жанна" }]);
    }
    // Both again, in turn, and a logout in ours is one in theirs.
    const [one, two] = [steps[1], steps[3]] as [ReturnType<typeof serve>, ReturnType<typeof serve>];
    expect(await two.does(browser, seen)).toEqual({ views: 4, name: "Жанна" });
    expect(await one.does(browser, seen)).toEqual({ views: 4, name: "Жанна" });
    await one.does(browser, (ctx) => {
      ctx.session = null;
    });
    expect(await two.does(browser, (ctx) => ctx.session.isNew)).toBe(true);
  });
});
