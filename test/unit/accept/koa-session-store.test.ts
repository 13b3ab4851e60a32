/** koaTokens(): sessions in Koa's cookies, signed with app.keys, go on in an application that has other cookies, on any runtime. */
import fc from "fast-check";
import Keygrip from "keygrip";
import Koa from "koa";
import convert from "koa-convert";
import oldSession from "koa-session-store";
import Koa2 from "koa2";
import { afterAll, describe, expect, it } from "vitest";
import { type KoaTokensOptions, koaTokens } from "../../../src/accept/koa-session-store.ts";
import { getSession, session } from "../../../src/adapters/koa/index.ts";
import { createSessions } from "../../../src/index.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { Browser } from "../../support/browser.ts";
import { Clock, DAY, HOUR } from "../../support/clock.ts";
import { VISITOR_COOKIE } from "../../support/cookie-names.ts";
import { closeServers, serveNode } from "../../support/koa.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../../support/secrets.ts";

afterAll(closeServers);

const KEYS = [OLD_SECRET, OTHER_SECRET];

/** A browser that counted two views, and has a note, with an application on Koa. */
async function visitedKoa(middleware: Koa.Middleware, Application = Koa, note = "Grüße; 🚀"): Promise<Browser> {
  const app = new Application();
  app.keys = KEYS;
  app.use(middleware).use((ctx) => {
    ctx.session.views = (ctx.session.views ?? 0) + 1;
    ctx.session.note = note;
    ctx.body = "done";
  });
  const browser = new Browser(serveNode(app.callback()));
  await browser.visit("/");
  await browser.visit("/");
  return browser;
}

/** The application that follows: what a browser with old cookies sees there. */
function newApp(more: Partial<KoaTokensOptions> = {}, clock = new Clock(Math.floor(Date.now() / 1000)), store = memory()) {
  const accept = [koaTokens({ keys: KEYS, now: clock.now, ...more })];
  const sessions = createSessions<Record<string, unknown>>({ secrets: SECRET, accept, now: clock.now, store });
  const serve = sessions.handler((request, visitor) => {
    if (request.url.endsWith("/write")) visitor.data.written = true;
    if (request.url.endsWith("/logout")) visitor.logout();
    return Response.json([visitor.isNew, visitor.subject ?? null, { ...visitor.data }, visitor.startedAt]);
  });
  const moved = (from: Browser) => {
    const browser = new Browser(serve, clock);
    for (const [name, held] of from.cookies) browser.cookies.set(name, held);
    return browser;
  };
  return { moved, serve, clock, sees: async (browser: Browser, path = "/") => (await browser.visit(path)).json() };
}

describe("a session in a cookie of", () => {
  const options = { cookie: { maxAge: 7 * 86_400_000 } };
  it.each<[string, () => Promise<Browser>]>([
    // Which cannot keep more than ASCII in a cookie.
    ["koa-session-store 2.0.0", () => visitedKoa(convert(oldSession()), Koa2 as never, "Hello")],
    ["the compatible mode", () => visitedKoa(session() as never)],
    ["the compatible mode, with an end", () => visitedKoa(session(options) as never)],
  ])("%s goes on, in our cookie from the first change on", async (_what, visit) => {
    const { moved, sees } = newApp();
    const browser = moved(await visit());
    expect([...browser.cookies.keys()]).toEqual(["koa:sess", "koa:sess.sig"]);
    const [isNew, subject, data, startedAt] = await sees(browser);
    expect([isNew, subject, data]).toEqual([false, null, { views: 2, note: expect.stringMatching(/^(Hello|Grüße; 🚀)$/) }]);
    await sees(browser, "/write");
    expect([...browser.cookies.keys()]).toEqual([VISITOR_COOKIE]);
    expect(await sees(browser)).toEqual([false, null, { ...data, written: true }, startedAt]);
  });

  it("users know who they are, and that ends with a logout", async () => {
    const { moved, sees } = newApp();
    const browser = moved(
      await visitedKoa((async (ctx: Koa.Context, next: Koa.Next) => {
        await (session() as unknown as Koa.Middleware)(ctx as never, async () => {
          if (getSession(ctx).subject === undefined) getSession(ctx).login("alice");
          await next();
        });
      }) as Koa.Middleware),
    );
    expect((await sees(browser)).slice(0, 2)).toEqual([false, "alice"]);
    await sees(browser, "/logout");
    expect([...browser.cookies.keys()]).toEqual([]);
    expect((await sees(browser)).slice(0, 2)).toEqual([true, null]);
  });

  it("goes on in a Koa application with secrets", async () => {
    const old = await visitedKoa(session() as never);
    const app = new Koa();
    app.use(session<{ views: number }>({ secrets: SECRET, accept: [koaTokens({ keys: KEYS })] })).use((ctx) => {
      ctx.session.views = (ctx.session.views ?? 0) + 1;
      ctx.body = String(ctx.session.views);
    });
    const browser = new Browser(serveNode(app.callback()));
    for (const [name, held] of old.cookies) browser.cookies.set(name, held);
    expect(await (await browser.visit("/")).text()).toBe("3");
    expect([...browser.cookies.keys()]).toEqual([VISITOR_COOKIE]);
    expect(await (await browser.visit("/")).text()).toBe("4");
  });

  it("another name, path and hash is read too, and removed with them", async () => {
    const made = { name: "sid", cookie: { path: "/shop" }, signatureAlgorithm: "sha256" } as const;
    const { moved, serve } = newApp(made);
    const browser = moved(await visitedKoa(session(made) as never));
    const answer = await serve(new Request("https://a/write", { headers: { Cookie: browser.cookieHeader() } }));
    expect((await answer.json())[0]).toBe(false);
    expect(answer.headers.getSetCookie().slice(1)).toEqual([
      "sid=; path=/shop; expires=Thu, 01 Jan 1970 00:00:00 GMT; samesite=lax; httponly",
      "sid.sig=; path=/shop; expires=Thu, 01 Jan 1970 00:00:00 GMT; samesite=lax; httponly",
    ]);
  });
});

describe("koaTokens()", () => {
  const grip = new Keygrip(KEYS);
  const now = new Clock().now();
  const value = (more: object = {}) => JSON.stringify({ a: 1, _sid: "a-session-of-koa", ...more });
  const header = (text: string, signature = grip.sign(`koa:sess=${text}`)) => `koa:sess=${text}; koa:sess.sig=${signature}`;
  const isNew = async (Cookie: string, clock = new Clock()) => {
    const { serve } = newApp({}, clock);
    return (await (await serve(new Request("https://a/", { headers: { Cookie } }))).json())[0] as boolean;
  };

  it("opens what either key signed, and nothing that another one did, or none", async () => {
    expect(await isNew(header(value()))).toBe(false);
    expect(await isNew(header(value(), new Keygrip([OTHER_SECRET]).sign(`koa:sess=${value()}`)))).toBe(false);
    expect(await isNew(header(value(), new Keygrip([SECRET]).sign(`koa:sess=${value()}`)))).toBe(true);
    expect(await isNew(header(value(), ""))).toBe(true);
    expect(await isNew(`koa:sess=${value()}`)).toBe(true);
    expect(await isNew(header(value(), grip.sign(`other=${value()}`)))).toBe(true);
    expect(await isNew(header(value(), `${grip.sign(`koa:sess=${value()}`)}=`))).toBe(true);
  });

  it("holds the end that a cookie says, and gives those that say none a day", async () => {
    const clock = new Clock();
    const stamped = header(value({ _start: now, _exp: now + HOUR }));
    expect(await isNew(stamped, clock)).toBe(false);
    clock.pass(HOUR);
    expect(await isNew(stamped, clock)).toBe(true);
    const { clock: later, moved, sees } = newApp({}, new Clock(), memory());
    const browser = moved(new Browser(() => new Response()));
    browser.receive(new Response(null, { headers: [["Set-Cookie", `koa:sess=${value()}; path=/`]] }));
    browser.receive(
      new Response(null, { headers: [["Set-Cookie", `koa:sess.sig=${grip.sign(`koa:sess=${value()}`)}; path=/`]] }),
    );
    await sees(browser, "/write");
    later.pass(DAY - 1);
    expect((await sees(browser))[0]).toBe(false);
  });

  it("takes no other text for a session, and throws for none", async () => {
    const { serve } = newApp({}, new Clock());
    const genuine = header(value());
    await fc.assert(
      fc.asyncProperty(fc.nat(genuine.length - 1), fc.string({ unit: "binary-ascii", maxLength: 3 }), async (at, put) => {
        const Cookie = (genuine.slice(0, at) + put + genuine.slice(at + 1)).replaceAll(/[\0\r\n]/g, "");
        const answer = await serve(new Request("https://a/", { headers: { Cookie } }));
        const [isNew, , data] = await answer.json();
        if (!isNew) expect(data).toEqual({ a: 1 });
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, object]>([
    ["no keys", { keys: [] }],
    ["no list", { keys: "a key" }],
    ["an empty key", { keys: [""] }],
    ["a key that is not set", { keys: [undefined] }],
    ["a hash that there is not", { keys: KEYS, signatureAlgorithm: "md5" }],
    ["a name that no cookie has", { keys: KEYS, name: "a b" }],
    ["a misspelt option", { keys: KEYS, key: "x" }],
    ["an idle timeout of nothing", { keys: KEYS, idleTimeout: 0 }],
  ])("refuses %s", (_what, options) => {
    expect(() => koaTokens(options as never)).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });
});
