/** Changing from @hono/session: its real cookies open, and everybody keeps their session. */
import { useSession } from "@hono/session";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { joseTokens } from "../../../src/accept/jose.ts";
import { session } from "../../../src/adapters/hono.ts";
import type { SessionOptions } from "../../../src/index.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import type { Claims } from "../../../src/token/claims.ts";
import { type App, makeApp } from "../../support/app.ts";
import { Browser } from "../../support/browser.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../../support/cookie-names.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../../support/secrets.ts";

const SECONDS = { absolute: 7 * 86_400, inactivity: 3600 };

/** An application with @hono/session, and a visitor's cookie jar. */
function oldApp(options: Parameters<typeof useSession>[0] = {}) {
  const app = new Hono().use(useSession({ secret: SECRET, ...options })).get("/:what/:value", async (c) => {
    const session = c.get("session" as never) as {
      id: string | null;
      update(data: object): Promise<void>;
      readonly data: object | null;
    };
    await session.update((before: object | null) => ({ ...before, [c.req.param("what")]: c.req.param("value") }));
    return c.json({ id: session.id, data: session.data });
  });
  let cookie = "";
  return async (path: string): Promise<{ cookie: string; id: string }> => {
    const response = await app.request(path, { headers: { Cookie: cookie } });
    cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
    return { cookie, ...((await response.json()) as { id: string }) };
  };
}

/** The key as @hono/session 0.2 derives it from its secret. */
async function honoKey(secret: string): Promise<Uint8Array> {
  const bytes = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", bytes.encode(secret), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytes.encode("session jwe cek") };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

const codec = joseTokens({
  cookie: "sid",
  algorithms: ["dir"],
  encryption: ["A256GCM"],
  getKey: () => honoKey(SECRET),
  claims: ({ sid, iat, exp, ...data }) => ({
    sid,
    start: iat,
    exp: exp ?? Number(iat) + SECONDS.absolute,
    sub: typeof data.user === "string" ? data.user : undefined,
    data,
  }),
});

async function read(header: string): Promise<Claims> {
  const { values } = codec.find(header, USER_COOKIE);
  const opened = await codec.open(values[0] ?? "");
  if (typeof opened === "string") throw new Error(`Cannot open the cookie: ${opened}`);
  return opened.claims;
}

describe("a cookie of @hono/session", () => {
  it("opens, with its data, its user and its times", async () => {
    const visit = oldApp({ duration: SECONDS });
    await visit("/user/alice");
    const { cookie } = await visit("/theme/dark");
    expect(cookie).toMatch(/^sid=eyJ/);
    const { sid, start, iat, exp, ...said } = await read(`other=1; ${cookie}; session=x`);
    expect(said).toEqual({ sub: "alice", data: '{"user":"alice","theme":"dark"}' });
    expect(Math.abs(start - Date.now() / 1000)).toBeLessThan(60);
    expect(iat).toBe(start);
    // Counted from its last change, which the next second may have seen.
    expect(exp - start - SECONDS.inactivity).toBeOneOf([0, 1, 2]);
    expect(sid).toMatch(/^[\w-]{32}$/);
  });

  it("is the same session in each of its cookies, and another in another browser", async () => {
    const [one, other] = [oldApp({ duration: SECONDS }), oldApp({ duration: SECONDS })];
    const [first, second] = [await one("/a/1"), await one("/b/2")];
    const [a, b, c] = [await read(first.cookie), await read(second.cookie), await read((await other("/a/1")).cookie)];
    expect(first.cookie).not.toBe(second.cookie);
    expect(first.id).toBe(second.id);
    expect(a.sid).toBe(b.sid);
    expect(a.sid).not.toBe(c.sid);
    expect(b.data).toBe('{"a":"1","b":"2"}');
  });

  it("opens where it never ends by itself, and ends when the mapping says", async () => {
    const { start, exp } = await read((await oldApp()("/a/1")).cookie);
    expect(exp).toBe(start + SECONDS.absolute);
  });

  it("keeps the id that the application gave it, where that has an id's form", async () => {
    const visit = oldApp({ generateId: () => "0b2c6c4e-6d0f-4a6e-9d1d-2f3a4b5c6d7e" });
    expect((await read((await visit("/a/1")).cookie)).sid).toBe("0b2c6c4e-6d0f-4a6e-9d1d-2f3a4b5c6d7e");
  });

  it("does not open when it was changed, or made with another secret", async () => {
    const { cookie } = await oldApp({ duration: SECONDS })("/user/alice");
    const token = cookie.slice("sid=".length);
    const parts = token.split(".");
    const changed = [...parts.slice(0, 3), `A${parts[3]?.slice(1)}`, parts[4]].join(".");
    const changedAgain = [...parts.slice(0, 3), `B${parts[3]?.slice(1)}`, parts[4]].join(".");
    expect([await codec.open(changed), await codec.open(changedAgain)]).toContain("forged");
    const foreign = await oldApp({ secret: OLD_SECRET })("/user/admin");
    expect(await codec.open(foreign.cookie.slice("sid=".length))).toBe("forged");
  });
});

describe.each<[string, () => Partial<SessionOptions>]>([
  ["a cookie", () => ({})],
  ["a readable cookie", () => ({ readable: true })],
  ["a store", () => ({ store: memory() })],
  ["a store, visitors in a cookie", () => ({ store: memory(), anonymous: "cookie" })],
])("a browser that comes with a cookie of @hono/session, where sessions are now in %s,", (_where, kept) => {
  /** Alice and a visitor used the old application; now it is this one, with a secret of its own. */
  async function changed() {
    const [alice, visitor] = [oldApp({ duration: SECONDS }), oldApp({ duration: SECONDS })];
    await alice("/user/alice");
    const old = await alice("/theme/dark");
    const { start, exp } = await read(old.cookie);
    let passed = 0;
    const now = () => Math.floor(Date.now() / 1000) + passed;
    const app = makeApp({ ...kept(), secrets: OTHER_SECRET, now, accept: [codec] });
    const come = (cookie: string, browser: App["browser"]) => {
      browser.hold(cookie);
      return browser;
    };
    come(old.cookie, app.browser);
    const other = come((await visitor("/theme/light")).cookie, app.newBrowser());
    const pass = (seconds: number) => {
      passed += seconds;
    };
    return { ...app, visitor: other, thief: come(old.cookie, app.newBrowser()), start, exp, pass };
  }
  const names = ({ cookies }: App["browser"]) => [...cookies.keys()];

  it("is not logged out, and its next cookie is ours", async () => {
    const { does, browser, visitor, start } = await changed();
    const shown = await does((session) => [session.subject, session.data.theme, session.startedAt, session.isNew]);
    expect(shown).toEqual(["alice", "dark", start, false]);
    expect(names(browser)).toEqual([USER_COOKIE]);
    expect(await does((session) => [session.subject, session.data.theme], visitor)).toEqual([undefined, "light"]);
    expect(names(visitor)).toEqual([VISITOR_COOKIE]);
  });

  it("keeps when its session began, and its changes, with every later cookie", async () => {
    const { does, browser, start, pass } = await changed();
    await does((session) => Object.assign(session.data, { theme: "blue" }));
    for (let days = 0; days < 3; days++) {
      pass(80_000);
      expect(await does((session) => [session.subject, session.data.theme, session.startedAt])).toEqual(["alice", "blue", start]);
      expect(names(browser)).toEqual([USER_COOKIE]);
    }
  });

  it("ends with the absolute timeout, counted from the day of the old cookie", async () => {
    const { does, pass, start } = await changed();
    for (let days = 0; days < 29; days++) {
      expect(await does((session) => [session.subject, session.startedAt])).toEqual(["alice", start]);
      pass(86_000);
    }
    pass(30 * 86_400 - 29 * 86_000);
    expect(await does((session) => session.subject)).toBe(undefined);
  });

  it("leaves the old cookie alone in an answer that does not use the session, and in one that fails", async () => {
    const { answers, does, browser, start } = await changed();
    expect((await answers(() => "page")).headers.getSetCookie()).toEqual([]);
    const failing = answers((session) => {
      session.data.theme = "red";
      throw new Error("the page is broken");
    });
    await expect(failing).rejects.toThrow("broken");
    expect(names(browser)).toEqual(["sid"]);
    expect(await does((session) => [session.subject, session.data.theme, session.startedAt])).toEqual(["alice", "dark", start]);
  });

  it("is logged out by a logout, with the old cookie; whoever copied that is nobody with a store, and else has it until it ends, as documented", async () => {
    const { does, browser, thief, exp, pass, newBrowser } = await changed();
    const later = newBrowser();
    later.cookies.set("sid", thief.cookies.get("sid") as never);
    await does((session) => session.logout());
    expect(names(browser)).toEqual([]);
    expect(await does((session) => session.subject)).toBe(undefined);
    expect(await does((session) => session.subject, thief)).toBe(kept().store === undefined ? "alice" : undefined);
    pass(exp - Math.floor(Date.now() / 1000));
    expect(await does((session) => session.subject, later)).toBe(undefined);
  });

  it("gets an id that the old one had not when somebody logs in", async () => {
    const { does, browser, thief } = await changed();
    const before = await does((session) => session.id, thief);
    const after = await does((session) => {
      session.login("alice");
      return session.id;
    });
    expect(after).not.toBe(before);
    expect(names(browser)).toEqual([USER_COOKIE]);
  });
});

describe("an application with Hono that changes from @hono/session", () => {
  it("logs nobody out: the next cookie is ours, the old one goes, and the session began when it did", async () => {
    const { cookie } = await oldApp({ duration: SECONDS })("/user/alice");
    const web = session<Record<string, unknown>>({ secrets: OLD_SECRET, accept: [codec] });
    const app = new Hono()
      .use(web)
      .get("/", (c) => c.json([web.get(c).subject, web.get(c).data, web.get(c).startedAt]))
      .get("/set", (c) => {
        web.get(c).data.theme = "dark";
        return c.body(null, 204);
      });
    const browser = new Browser((request) => app.fetch(request));
    browser.hold(cookie);
    const said = async () => (await browser.visit("/")).json();
    const { start } = await read(cookie);
    expect(await said()).toEqual(["alice", { user: "alice" }, start]);
    await browser.visit("/set");
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    expect(await said()).toEqual(["alice", { user: "alice", theme: "dark" }, start]);
  });
});
