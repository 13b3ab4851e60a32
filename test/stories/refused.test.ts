/** Accepted cookies whose tokens are refused: the application hears of them, and the visitor keeps them. */
import { describe, expect, it } from "vitest";
import { joseTokens } from "../../src/accept/jose.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { koaCookie, old, oldToken, START, seen, withCookie } from "../support/old-tokens.ts";
import { OLD_SECRET, OTHER_SECRET } from "../support/secrets.ts";

const OTHER_KEY = new TextEncoder().encode(OTHER_SECRET);

describe.each([
  ["with a store", () => ({ store: memory() })],
  ["without a store", () => ({})],
] as const)("a token that is refused, %s", (_name, options) => {
  const REFUSED: [string, () => Promise<string>, object][] = [
    ["of another key", () => oldToken({ sid: "session-of-old" }, OTHER_KEY), { type: "invalid", reason: "forged" }],
    ["that says no end", () => oldToken({ sid: "session-of-old", exp: undefined }), { type: "invalid", reason: "claims" }],
    [
      "that is over",
      () => oldToken({ sid: "session-of-old", exp: START - 1 }),
      expect.objectContaining({ type: "expired", reason: "idle" }),
    ],
    ["of the future", () => oldToken({ sid: "session-of-old", start: START + DAY }), { type: "invalid", reason: "future" }],
    ["that is garbage", async () => "old=garbage", { type: "invalid", reason: "malformed" }],
  ];

  it.each(REFUSED)("%s is an event, and its cookie stays when the visitor writes", async (_what, token, event) => {
    const app = makeApp({ ...options(), accept: [old()] });
    const browser = withCookie(app, await token());
    await app.does((session) => {
      session.data.views = 1;
    }, browser);
    expect(app.events).toContainEqual(event);
    expect(browser.cookies.has("old")).toBe(true);
    // With the right key, or after the application went back, it is still there; a login or logout removes it.
    await app.does((session) => session.logout(), browser);
    expect(browser.cookies.has("old")).toBe(false);
  });

  it("of Koa and another key is an event, and both cookies stay", async () => {
    const app = makeApp({ ...options(), accept: [koaTokens({ keys: [OTHER_SECRET] })] });
    const browser = withCookie(app, koaCookie({ _sid: "an-id-of-koa-session-store", user: "alice" }));
    await app.does((session) => {
      session.data.views = 1;
    }, browser);
    expect(app.events).toContainEqual({ type: "invalid", reason: "forged" });
    expect([...browser.cookies.keys()].filter((name) => name.startsWith("koa:sess"))).toEqual(["koa:sess", "koa:sess.sig"]);
  });

  it("beside one that is good hides nothing, and the good one's cookie is removed", async () => {
    const app = makeApp({
      ...options(),
      accept: [
        joseTokens({ cookie: "old", algorithms: ["HS256"], key: OTHER_KEY }),
        joseTokens({ cookie: "old", algorithms: ["HS256"], key: new TextEncoder().encode(OLD_SECRET) }),
      ],
    });
    const browser = withCookie(app, await oldToken({ sid: "session-of-old", sub: "alice" }));
    expect(await app.does(seen, browser)).toEqual(["alice", {}]);
    expect(browser.cookies.has("old")).toBe(false);
  });
});
