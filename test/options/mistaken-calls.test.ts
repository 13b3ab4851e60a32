/** Calls that would save nothing, or elsewhere: the error says what was meant. */
import { Hono } from "hono";
import Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { getSession, session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions, type Session, type Sessions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { refusal } from "./refusal.ts";

afterAll(closeServers);

const REQUEST = new Request("https://app.example.com/");
const secrets = SECRET;
/** For calls as JavaScript allows them. */
// biome-ignore lint/suspicious/noExplicitAny: the tests give what types would refuse.
type Untyped = any;

/** What a call throws or rejects with. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}

describe("data that is set on the session itself", () => {
  const MESSAGE = "Cannot add property views, object is not extensible";
  const set = (session: unknown) => {
    (session as { views?: number }).views = 1;
  };

  it.each([
    ["in a cookie", {}],
    ["in a store", { store: memory() }],
    ["lazily loaded", { store: memory(), lazy: true }],
  ])("throws in a handler, %s", async (_where, more) => {
    const { does } = makeApp(more);
    const thrown = await does((session) => refusal(() => set(session)));
    expect(thrown).toBeInstanceOf(TypeError);
    expect(thrown).toMatchObject({ message: MESSAGE });
  });

  it("throws for a session of load()", async () => {
    const session = await createSessions({ secrets }).load(REQUEST);
    expect(() => set(session)).toThrow(MESSAGE);
  });

  it("throws in Hono", async () => {
    const web = honoSession({ secrets });
    const app = new Hono().use(web).get("/", (c) => c.text(String(refusal(() => set(web.get(c))))));
    expect(await (await app.request("/")).text()).toBe(`TypeError: ${MESSAGE}`);
  });

  it.each([
    ["with secrets", { secrets }],
    ["with app.keys", {}],
  ])("throws for what getSession() of Koa gives, %s, and is saved by ctx.session, which is the data", async (_how, options) => {
    const app = new Koa();
    app.keys = [SECRET];
    app.use(koaSession(options));
    app.use((ctx: Untyped) => {
      const session = getSession(ctx);
      ctx.session.views = (ctx.session.views ?? 0) + 1;
      ctx.body = `${ctx.session.views}, ${refusal(() => set(session))}, ${typeof getSession(ctx).commit}`;
    });
    const browser = new Browser(serveNode(app.callback()));
    await browser.visit("/");
    expect(await (await browser.visit("/")).text()).toBe(`2, TypeError: ${MESSAGE}, function`);
  });
});

describe("handler()", () => {
  it.each([
    ["nothing", undefined],
    ["a response", new Response("done")],
    ["options", { secrets }],
  ])("does not take %s, and says so at once", (_what, given) => {
    const sessions = createSessions({ secrets });
    expect(refusal(() => sessions.handler(given as never))).toBe(
      "Cannot make a handler: pass a function, like (request, session) => new Response()",
    );
  });

  it.each([
    ["nothing", undefined],
    ["a text", "done"],
  ])("names the handler if it returns %s", async (_what, result) => {
    const failure = await failureOf(() => createSessions({ secrets }).handler(async () => result as never)(REQUEST));
    expect(failure).toBeInstanceOf(TypeError);
    expect(failure).toMatchObject({ message: "Cannot send the response: the handler returned none. Return a Response" });
  });
});

describe("apply() and commit()", () => {
  const NO_RESPONSE = "Cannot send the response: apply() was given none. Write apply(session, response)";
  const NO_SESSION = "Cannot use this session: await sessions.load(request) first";
  const answer = () => new Response("done");
  const calls: [string, (sessions: Untyped, session: Session) => unknown, string][] = [
    ["apply() without a response", (sessions, session) => sessions.apply(session), NO_RESPONSE],
    ["apply() with its arguments swapped", (sessions, session) => sessions.apply(answer(), session), NO_RESPONSE],
    [
      "apply() with a promise of the response",
      (sessions, session) => sessions.apply(session, (async () => answer())()),
      NO_RESPONSE,
    ],
    ["apply() with a promise of the session", (sessions) => sessions.apply((async () => {})(), answer()), NO_SESSION],
    ["apply() with nothing for the session", (sessions) => sessions.apply(undefined, answer()), NO_SESSION],
    ["commit() with a promise of the session", (sessions) => sessions.commit((async () => {})()), NO_SESSION],
    ["commit() with the data", (sessions, session) => sessions.commit(session.data), NO_SESSION],
    ["commit() with nothing", (sessions) => sessions.commit(), NO_SESSION],
  ];

  it.each(calls)("say what to pass: %s", async (_what, call, message) => {
    const sessions = createSessions({ secrets });
    const session = await sessions.load(REQUEST);
    session.data.views = 1;
    const failure = await failureOf(() => call(sessions, session));
    expect(failure).toBeInstanceOf(TypeError);
    expect(failure).toMatchObject({ message });
    // Nothing was written, so the right call still saves.
    expect((await sessions.apply(session, answer())).headers.getSetCookie()).toHaveLength(1);
  });

  it("say which options apply() and load() have", async () => {
    const sessions: Untyped = createSessions({ secrets });
    const session = await sessions.load(REQUEST);
    expect(await failureOf(() => sessions.apply(session, answer(), { status: 500 }))).toMatchObject({
      message: 'Cannot use option "status": the options of apply() are: failed',
    });
    expect(await failureOf(() => sessions.load(REQUEST, { timeout: 5 }))).toMatchObject({
      message: 'Cannot use option "timeout": the options of load() are: lazy, fresh',
    });
  });
});

describe("a session of another createSessions()", () => {
  const MESSAGE = "Cannot commit this session: another createSessions() loaded it";

  it.each<[string, (sessions: Sessions, session: Session) => unknown]>([
    ["commit()", (sessions, session) => sessions.commit(session)],
    ["apply()", (sessions, session) => sessions.apply(session, new Response("done"))],
  ])("is refused by %s, and not written under the other's cookie", async (_what, call) => {
    const shop = createSessions({ secrets, name: "shop" });
    const admin = createSessions({ secrets, name: "admin", store: memory() });
    const session = await shop.load(REQUEST);
    session.data.views = 1;
    expect(await failureOf(() => call(admin, session))).toMatchObject({ code: "ERR_OPTION", message: MESSAGE });
    await session.save();
    const { setCookie } = await shop.commit(session);
    expect(setCookie).toEqual([expect.stringContaining("shop=")]);
  });

  it("is taken by the one that loaded it, where options are a function of env", async () => {
    const web = honoSession(({ name }: Untyped) => ({ secrets: SECRET, context: name }));
    const app = new Hono().use(web).get("/", (c) => c.text(`${(web.get(c).data as { views?: number }).views}`));
    app.get("/write", (c) => {
      Object.assign(web.get(c).data, { views: 1 });
      return c.text("done");
    });
    for (const name of ["shop", "admin", "shop"]) {
      const browser = new Browser((request) => app.fetch(request, { name }) as Promise<Response>);
      await browser.visit("/write");
      expect(await (await browser.visit("/")).text()).toBe("1");
    }
  });
});

describe("update() without a function", () => {
  it.each([
    ["nothing", undefined],
    ["values", { views: 1 }],
  ])("says what to give in place of %s", async (_what, given) => {
    for (const more of [{}, { store: memory() }, { store: memory(), lazy: true }])
      expect(await makeApp(more).does((session) => failureOf(() => session.update(given as never)))).toMatchObject({
        code: "ERR_OPTION",
        message: "Cannot update the session: give a function that changes the data, or use patch({ views: 1 })",
      });
  });
});

describe("the options of list() and revokeAll()", () => {
  it("are named if another is given", async () => {
    const sessions: Untyped = createSessions({ secrets, store: memory() });
    expect(await failureOf(() => sessions.list("ada", { except: "x" }))).toMatchObject({
      message: 'Cannot use option "except": the options of list() are: current',
    });
    expect(await failureOf(() => sessions.revokeAll("ada", { current: "x" }))).toMatchObject({
      message: 'Cannot use option "current": the options of revokeAll() are: except',
    });
  });
});
