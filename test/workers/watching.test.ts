/** watch(): open pages are told when their session ends, and only they. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { watch } from "../../src/features/watch.ts";
import type { StoredOptions } from "../../src/index.ts";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp, type StoredApp } from "../support/app.ts";
import type { Browser } from "../support/browser.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { Page } from "./page.ts";

const ORIGIN = "https://app.example.com";
const appWith = (more: Partial<StoredOptions> = {}) =>
  makeApp({ now: () => Date.now() / 1000, ...more, store: durableObject(env.SESSIONS) });
const handshake = (browser: Browser, headers: Record<string, string> = {}) =>
  new Request(`${ORIGIN}/session/watch`, {
    headers: { Upgrade: "websocket", Origin: ORIGIN, Cookie: browser.cookieHeader(), ...headers },
  });
let users = 0;

async function loggedIn(more: Partial<StoredOptions> = {}): Promise<StoredApp & { subject: string }> {
  const app = appWith(more);
  const subject = `watching-${users++}`;
  await app.does((session) => session.login(subject));
  return { ...app, subject };
}

async function open({ sessions }: StoredApp, browser: Browser): Promise<Page> {
  const response = await watch(sessions, handshake(browser));
  expect(response.status).toBe(101);
  return new Page(response);
}

describe("watch()", () => {
  it("tells every window of a user when they log out everywhere else, but the one that asked", async () => {
    const app = await loggedIn();
    const phone = app.newBrowser();
    await app.does((session) => session.login(app.subject), phone);
    const [here, there] = [await open(app, app.browser), await open(app, phone)];
    expect(await there.state()).toBe("open");
    await app.does(async (session) => app.sessions.revokeAll(app.subject, { except: session.id }));
    expect(await there.closed).toBe(4401);
    expect(await here.state()).toBe("open");
  });

  it("tells the other window of a browser when one logs out, and to come again when the session has a new id", async () => {
    const app = await loggedIn();
    const first = await open(app, app.browser);
    await app.does((session) => session.regenerateId());
    expect(await first.closed).toBe(4409);
    const again = await open(app, app.browser);
    await app.does((session) => session.logout());
    expect(await again.closed).toBe(4401);
  });

  it("is closed at once for a browser without a session, with one that ended, and with a forged one", async () => {
    const app = await loggedIn();
    const old = app.browser.copy();
    await app.does((session) => session.logout());
    const forged = app.newBrowser();
    forged.hold(`${USER_COOKIE}=e30.e30.e30`);
    for (const browser of [app.newBrowser(), old, forged]) expect(await (await open(app, browser)).closed).toBe(4401);
  });

  it("asks the store and no copy", async () => {
    const app = await loggedIn({ copy: copy({ maxAge: 60 }) });
    const old = app.browser.copy();
    await app.does((session) => session.logout());
    expect(await app.does((session) => session.subject, old)).toBe(app.subject);
    expect(await (await open(app, old)).closed).toBe(4401);
  });

  it("is closed at once for a visitor who is kept in a cookie", async () => {
    const app = appWith({ anonymous: "cookie" });
    await app.does((session) => Object.assign(session.data, { views: 1 }));
    expect(await (await open(app, app.browser)).closed).toBe(4401);
  });

  it("is refused to pages of other websites, unless they are trusted", async () => {
    const app = await loggedIn();
    for (const Origin of ["https://evil.example", "https://app.example.com.evil.example", "null"]) {
      expect((await watch(app.sessions, handshake(app.browser, { Origin }))).status).toBe(403);
    }
    expect((await watch(app.sessions, handshake(app.browser, { "Sec-Fetch-Site": "same-site" }))).status).toBe(403);
    const trusted = { trustedOrigins: ["https://admin.example.com"] };
    const response = await watch(app.sessions, handshake(app.browser, { Origin: "https://admin.example.com" }), trusted);
    expect(response.status).toBe(101);
    expect(await new Page(response).state()).toBe("open");
  });

  it("answers 426 to a request that is no handshake, and throws with a store that cannot tell pages", async () => {
    const app = await loggedIn();
    const response = await watch(app.sessions, new Request(`${ORIGIN}/session/watch`));
    expect([response.status, response.headers.get("Upgrade")]).toEqual([426, "websocket"]);
    const { sessions } = makeApp({ store: memory() });
    await expect(watch(sessions, handshake(app.browser))).rejects.toMatchObject({ code: "ERR_OPTION" });
    for (const wrong of [makeApp().sessions, {}, undefined])
      await expect(watch(wrong as never, handshake(app.browser))).rejects.toMatchObject({ code: "ERR_OPTION" });
  });
});

it("says which lines to add when the Durable Object is not set up, at its first use", async () => {
  const create = () => Promise.reject(new TypeError('The RPC receiver does not implement the method "create".'));
  const wrong = { getByName: () => ({ create }) };
  const app = makeApp({ store: durableObject(wrong as never) });
  await expect(app.does((session) => session.login("alice"))).rejects.toMatchObject({ code: "ERR_OPTION" });
});
