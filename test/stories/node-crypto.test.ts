/** The option `crypto`: sessions by Node's cryptography and by Web Crypto are the same sessions, in every adapter. */
import { Hono } from "hono";
import Koa from "koa";
import { afterAll, describe, expect, it, vi } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { getSession, session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions, type Session, type SessionOptions } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { cookieFor } from "../../src/testing/index.ts";
import { sessionCrypto } from "../../src/token/session-crypto.ts";
import { webCrypto } from "../../src/token/web-crypto.ts";
import { Browser } from "../support/browser.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

type Serve = ConstructorParameters<typeof Browser>[0];

function count({ data }: Session): string {
  data.views = Number(data.views ?? 0) + 1;
  return String(data.views);
}

/** The same program three times. */
const ADAPTERS: [string, (options: SessionOptions) => Serve][] = [
  ["fetch", (options) => createSessions(options).handler((_request, session) => new Response(count(session)))],
  [
    "Hono",
    (options) => {
      const web = honoSession(options);
      const app = new Hono().use(web).get("/", (c) => c.text(count(web.get(c) as Session)));
      return async (request) => app.fetch(request);
    },
  ],
  [
    "Koa",
    (options) => {
      const app = new Koa();
      app.use(koaSession({ ...options, cookie: {} } as never));
      app.use((ctx) => {
        ctx.body = count(getSession(ctx));
      });
      return serveNode(app.callback());
    },
  ],
];

const web = sessionCrypto(() => webCrypto);
const KINDS: [string, Partial<SessionOptions>][] = [
  ["encrypted", {}],
  ["readable", { readable: true }],
  ["in a store", { store: memory() }],
  ["visitors in a cookie", { store: memory(), anonymous: "cookie" }],
  ["of another secret, as a list", { secrets: ["kM0hwq1nPzN4tQp7uW3xZ6cV9bS2dF5g", SECRET] }],
];

describe.each(ADAPTERS)("%s", (_name, serve) => {
  it.each(KINDS)("opens with either cryptography what the other made: sessions %s", async (_kind, options) => {
    const base = { secrets: SECRET, rememberTokens: 0, ...options };
    const browser = new Browser(serve({ ...base, crypto: nodeCrypto }));
    const others = [serve({ ...base, crypto: web }), serve({ ...base, crypto: nodeCrypto }), serve(base)];
    const read = async (one: Serve) => {
      const other = new Browser(one);
      for (const [name, cookie] of browser.cookies) other.cookies.set(name, cookie);
      const answer = await (await other.visit("/")).text();
      for (const [name, cookie] of other.cookies) browser.cookies.set(name, cookie);
      return answer;
    };
    const seen = [await (await browser.visit("/")).text()];
    for (const other of [...others, ...others]) seen.push(await read(other));
    expect(seen).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });

  it.each<[string, unknown]>([
    ["the global crypto", crypto],
    ["null", null],
    ["a name", "node"],
    ["true", true],
    ["a module", { nodeCrypto }],
    ["a promise", Promise.resolve(nodeCrypto)],
  ])("does not take %s, and says what to write", (_what, given) => {
    expect(() => serve({ secrets: SECRET, crypto: given as never })).toThrow(
      expect.objectContaining({
        code: "ERR_OPTION",
        message:
          "Cannot use option crypto: write crypto: nodeCrypto, with nodeCrypto from web-session-store/node, or leave it out",
      }),
    );
  });
});

describe("without a promise", () => {
  const request = { headers: { get: () => `${VISITOR_COOKIE}=a.b.c.d.e` } };

  it("nodeCrypto opens a session, and Web Crypto with one", () => {
    expect(createSessions({ secrets: SECRET, crypto: nodeCrypto }).load(request)).not.toBeInstanceOf(Promise);
    expect(createSessions({ secrets: SECRET }).load(request)).toBeInstanceOf(Promise);
  });

  it("asks nothing of Web Crypto but random bytes", async () => {
    const asked = Object.getOwnPropertyNames(SubtleCrypto.prototype)
      .filter((name) => name !== "constructor" && typeof SubtleCrypto.prototype[name as never] === "function")
      .map((name) => vi.spyOn(crypto.subtle, name as never));
    const browser = new Browser(
      (ADAPTERS[0] as (typeof ADAPTERS)[0])[1]({ secrets: SECRET, crypto: nodeCrypto, rememberTokens: 0 }),
    );
    expect([await (await browser.visit("/")).text(), await (await browser.visit("/")).text()]).toEqual(["1", "2"]);
    for (const call of asked) expect(call).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it("a secret that is a CryptoKey is derived from by Web Crypto, and makes the same tokens", async () => {
    const bytes = new TextEncoder().encode(SECRET);
    const key = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"]);
    const cookie = await cookieFor({ secrets: key, crypto: nodeCrypto }, { data: { views: 5 } });
    const read = await createSessions({ secrets: SECRET }).read({ headers: { get: () => String(cookie) } });
    expect(read?.data).toEqual({ views: 5 });
  });
});

it("Koa without secrets refuses it, and says why", () => {
  expect(() => koaSession({ crypto: nodeCrypto } as never)).toThrow(
    'Cannot use option "crypto": leave it out, since cookies signed with app.keys are made by node:crypto anyway; with secrets it can be used',
  );
});

it("options of env that pass it on have one manager", async () => {
  const options = vi.fn(() => ({ secrets: SECRET, crypto: nodeCrypto }));
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const app = new Hono().use(honoSession(options)).get("/", (c) => c.text("done"));
  for (let visit = 0; visit < 5; visit++) expect((await app.request("/", {}, { visit })).status).toBe(200);
  expect([options.mock.calls.length, warn.mock.calls.length]).toEqual([5, 0]);
  warn.mockRestore();
});

it("shows nothing but that it is one", () => {
  expect(Object.keys(nodeCrypto)).toEqual([]);
  expect(JSON.stringify(nodeCrypto)).toBe("{}");
  expect(Object.isFrozen(nodeCrypto)).toBe(true);
});
