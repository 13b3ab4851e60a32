/** csrf() on fetch, Hono and Koa: what it refuses, its options, and a login behind it. */
import { request as askNode, type RequestListener } from "node:http";
import { Hono } from "hono";
import Koa from "koa";
import Koa2 from "koa2";
import { afterAll, describe, expect, it } from "vitest";
import { session } from "../../../src/adapters/hono.ts";
import { type CsrfOptions, csrf } from "../../../src/csrf/fetch.ts";
import { csrf as honoCsrf } from "../../../src/csrf/hono.ts";
import { csrf as koaCsrf } from "../../../src/csrf/koa.ts";
import { createSessions, OptionError, type Session } from "../../../src/index.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { type Ask, csrfContract } from "../../contracts/csrf.ts";
import { Browser } from "../../support/browser.ts";
import { withMethods } from "../../support/changed-store.ts";
import { closeServers, listenOn } from "../../support/koa.ts";
import { SECRET } from "../../support/secrets.ts";

afterAll(closeServers);

/** Asks a real server, with the very headers: `fetch` would put a Host of its own there. */
function served(listener: RequestListener): Ask {
  const listening = listenOn(listener);
  return async (method, host, headers) => {
    const target = { host: "127.0.0.1", port: await listening, method, headers: { ...headers, Host: host } };
    return new Promise((resolve, reject) => {
      const asked = askNode(target, async (answer) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of answer) chunks.push(chunk);
        const { statusCode: status = 0 } = answer;
        resolve(new Response(new TextDecoder().decode(Buffer.concat(chunks)), { status, headers: answer.headers as never }));
      });
      asked.on("error", reject).end();
    });
  };
}

const toRequest = (method: string, host: string, headers: Record<string, string>) =>
  new Request(`https://${host}/`, { method, headers });

csrfContract("fetch", (options) => {
  const protect = csrf(options);
  return (...asked) => protect(toRequest(...asked), () => new Response("done"));
});

csrfContract("Hono", (options) => {
  const app = new Hono().use(honoCsrf(options));
  app.all("*", (c) => c.text("done"));
  return async (...asked) => app.fetch(toRequest(...asked));
});

describe.each([
  ["Koa 3", Koa],
  ["Koa 2", Koa2],
])("%s", (name, Application) => {
  csrfContract(name, (options) => {
    const app = new Application();
    app.use(koaCsrf(options));
    app.use((ctx) => {
      ctx.body = "done";
    });
    return served(app.callback());
  });
});

const CROSS = { "Sec-Fetch-Site": "cross-site" };

describe("csrf on fetch", () => {
  it("gives the refusal alone, for adapters of one's own", async () => {
    const { check } = csrf({ trustedOrigins: ["https://trusted.example"] });
    expect(check(toRequest("POST", "example.com", CROSS))?.status).toBe(403);
    expect(check(toRequest("POST", "example.com", { ...CROSS, Origin: "https://trusted.example" }))).toBeNull();
  });

  it("gives what the handler gives, and what it throws", async () => {
    const protect = csrf();
    const answer = new Response("mine", { status: 418 });
    expect(await protect(toRequest("GET", "example.com", {}), () => answer)).toBe(answer);
    await expect(protect(toRequest("GET", "example.com", {}), () => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  });

  it("gives each refused request an answer of its own", async () => {
    const { check } = csrf();
    const [first, second] = [check(toRequest("POST", "example.com", CROSS)), check(toRequest("POST", "example.com", CROSS))];
    expect(first).not.toBe(second);
    first?.headers.set("X-First", "yes");
    expect(second?.headers.has("X-First")).toBe(false);
  });
});

describe("csrf and WebSocket handshakes, which are GETs", () => {
  const handshake = { Connection: "Upgrade", Upgrade: "WebSocket" };
  const { check } = csrf({ trustedOrigins: ["https://trusted.example"] });
  const status = (headers: Record<string, string>) =>
    check(toRequest("GET", "example.com", { ...handshake, ...headers }))?.status;

  it("refuses those of another origin", () => {
    expect(status(CROSS)).toBe(403);
    expect(status({ "Sec-Fetch-Site": "same-site" })).toBe(403);
    expect(status({ Origin: "https://attacker.example" })).toBe(403);
    expect(status({ Origin: "null" })).toBe(403);
  });

  it("lets those of the same origin pass, of a trusted one, and of no browser", () => {
    expect(status({ "Sec-Fetch-Site": "same-origin" })).toBeUndefined();
    expect(status({ Origin: "https://example.com" })).toBeUndefined();
    expect(status({ Origin: "https://trusted.example" })).toBeUndefined();
    expect(status({})).toBeUndefined();
  });

  it("does not take another upgrade for one", () => {
    expect(check(toRequest("GET", "example.com", { Upgrade: "h2c", ...CROSS }))).toBeNull();
  });
});

describe("csrf on Hono", () => {
  it("adds to the headers that are there", async () => {
    const app = new Hono()
      .use(async (c, next) => {
        c.header("Vary", "Accept-Encoding");
        c.header("X-Before", "yes");
        await next();
      })
      .use(honoCsrf());
    const response = await app.fetch(toRequest("POST", "example.com", CROSS));
    expect(response.headers.get("Vary")).toBe("Accept-Encoding, Sec-Fetch-Site, Origin");
    expect(response.headers.get("X-Before")).toBe("yes");
  });

  it("protects only the routes that it is used for", async () => {
    const app = new Hono().use("/account/*", honoCsrf());
    app.post("*", (c) => c.text("done"));
    const status = async (path: string) =>
      (await app.request(`https://example.com${path}`, { method: "POST", headers: CROSS })).status;
    expect([await status("/account/email"), await status("/hook")]).toEqual([403, 200]);
  });

  it("keeps a login of another website from happening, and asks no store for a refused request", async () => {
    const asked: string[] = [];
    const inner = memory();
    const store = withMethods(inner, {
      load: (...args) => {
        asked.push("load");
        return inner.load(...args);
      },
    });
    const web = session({ secrets: SECRET, store });
    const app = new Hono().use(honoCsrf()).use(web);
    app.post("/login", (c) => {
      web.get(c).login("mallory");
      return c.text("in");
    });
    app.post("/transfer", (c) => c.text(`of ${web.get(c).subject}`));
    const browser = new Browser((request) => app.fetch(request));
    const post = (path: string, site: string) => browser.visit(path, { method: "POST", headers: { "Sec-Fetch-Site": site } });
    expect((await post("/login", "cross-site")).status).toBe(403);
    expect(browser.cookies.size).toBe(0);
    await post("/login", "same-origin");
    expect(await (await post("/transfer", "same-origin")).text()).toBe("of mallory");
    asked.length = 0;
    expect((await post("/transfer", "same-site")).status).toBe(403);
    expect(asked).toEqual([]);
  });
});

describe("csrf on Koa", () => {
  const setUp = (proxy: boolean): Ask => {
    const app = new Koa({ proxy });
    app.use((ctx, next) => {
      ctx.vary("Accept-Encoding");
      ctx.type = "application/json";
      return next();
    });
    app.use(koaCsrf());
    app.use((ctx) => {
      ctx.body = "done";
    });
    return served(app.callback());
  };
  const origin = { Origin: "https://example.com", "X-Forwarded-Host": "example.com" };

  it("adds to the headers that are there, and says what its body is", async () => {
    const { headers } = await setUp(false)("POST", "example.com", CROSS);
    expect(headers.get("Vary")).toBe("Accept-Encoding, Sec-Fetch-Site, Origin");
    expect(headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
  });

  it("believes a proxy's X-Forwarded-Host only with app.proxy", async () => {
    expect((await setUp(true)("POST", "inner:3000", origin)).status).toBe(200);
    expect((await setUp(false)("POST", "inner:3000", origin)).status).toBe(403);
  });
});

describe("csrf options", () => {
  const makers = { fetch: csrf, Hono: honoCsrf, Koa: koaCsrf };
  const all = (options: unknown) => () => {
    for (const make of Object.values(makers)) make(options as CsrfOptions);
  };

  it.each([
    "https://example.com",
    "https://example.com:8080",
    "http://example.com",
    "http://localhost:3000",
    "http://[::1]:3000",
    "https://xn--zrich-kva.example",
    "capacitor://localhost",
    "chrome-extension://abcdefghijklmnop",
  ])("trust %s", (origin) => {
    expect(all({ trustedOrigins: [origin] })).not.toThrow();
  });

  it.each([
    ...["example.com", "https://", "https://example.com/", "https://example.com/path", "https://example.com?query=value"],
    ...["https://example.com#fragment", "https://ex ample.com", "", "null", "*", "https://*.example.com", "//example.com"],
    ...[
      "https:example.com",
      "https://user@example.com",
      "https://example.com:443",
      "http://example.com:80",
      "https://Example.com",
    ],
    ...[
      "https://zürich.example",
      "HTTPS://example.com",
      "https://example.com:",
      "https://example.com:99999",
      " https://example.com",
    ],
    ...[
      "https://example.com\n",
      "app://host\\path",
      "app://user@host",
      "https://a.example, https://b.example",
      7,
      null,
      undefined,
      ["https://example.com"],
    ],
  ])("refuse to trust %j", (origin) => {
    for (const make of Object.values(makers)) {
      expect(() => make({ trustedOrigins: [origin as string] })).toThrow(OptionError);
    }
  });

  it("say how browsers write an origin", () => {
    expect(() => csrf({ trustedOrigins: ["https://Example.com:443"] })).toThrow(
      'Cannot trust the origin "https://Example.com:443": browsers send it as "https://example.com"',
    );
  });

  it.each([
    { trustedOrigins: "https://example.com" },
    { trustedOrigins: null },
    { trustedOrigin: ["https://example.com"] },
    { onRefused: "log" },
  ])("refuse %j", (options) => {
    for (const make of Object.values(makers)) expect(() => make(options as CsrfOptions)).toThrow(OptionError);
  });

  it("are not changed by changing the list afterwards", async () => {
    const trustedOrigins: string[] = [];
    const { check } = csrf({ trustedOrigins });
    trustedOrigins.push("https://attacker.example");
    expect(check(toRequest("POST", "example.com", { Origin: "https://attacker.example" }))?.status).toBe(403);
  });
});

describe("csrf around sessions.handler", () => {
  it("refuses before the session is loaded", async () => {
    const sessions = createSessions<{ count: number }>({ secrets: SECRET });
    const protect = csrf();
    const answer = sessions.handler((_request, visitor: Session<{ count: number }>) => {
      visitor.data.count = (visitor.data.count ?? 0) + 1;
      return new Response(String(visitor.data.count));
    });
    const browser = new Browser((request) => protect(request, () => answer(request)));
    const post = (site: string) => browser.visit("/", { method: "POST", headers: { "Sec-Fetch-Site": site } });
    await post("same-origin");
    expect((await post("cross-site")).status).toBe(403);
    expect(await (await post("same-origin")).text()).toBe("2");
  });
});
