/** Options: what is refused at creation, and what never depends on a request. */
import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { createSessions, OptionError, type SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { USER_COOKIE, userCookie, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";
import { refusal } from "./refusal.ts";

const create = (more: object) => createSessions({ secrets: SECRET, ...more } as SessionOptions);

/** The name of the cookie that a login sets. */
async function nameOf(more: object, request = new Request("https://app.example.com/")): Promise<string> {
  const sessions = create({ onEvent: () => {}, ...more });
  const session = await sessions.load(request);
  session.login("alice");
  const [line = ""] = (await sessions.apply(session, new Response())).headers.getSetCookie();
  return line.slice(0, line.indexOf("="));
}

describe("the name on the wire", () => {
  const names: [object, string][] = [
    [{}, USER_COOKIE],
    [{ name: "shop" }, userCookie("shop")],
    [{ cookie: { httpOnly: false } }, "__Host-session-user"],
    [{ cookie: { path: "/app" } }, "__Secure-session-user"],
    [{ cookie: { domain: "example.com" } }, "__Secure-session-user"],
    [{ cookie: { secure: false } }, "session-user"],
    [{ name: "__Secure-session" }, "__Secure-session-user"],
    [{ name: "__Host-session" }, "__Host-session-user"],
    [{ name: "__Host-Http-session" }, "__Host-Http-session-user"],
    [{ name: "__Http-session", cookie: { domain: "example.com" } }, "__Http-session-user"],
    [{ name: "__session", cookie: { single: true } }, "__session"],
    [{ name: "__Host-one", cookie: { single: true } }, "__Host-one"],
    [{ name: "__Secure-one", cookie: { single: true, domain: "example.com" } }, "__Secure-one"],
  ];
  for (const [options, name] of names) {
    it(`is ${name} for ${JSON.stringify(options)}`, async () => expect(await nameOf(options)).toBe(name));
  }

  it("and every attribute are the same whatever the request says about itself", async () => {
    const lines = new Set<string>();
    for (const [url, headers] of [
      ["https://app.example.com/", {}],
      ["http://app.example.com/", {}],
      ["http://localhost/", { Host: "localhost" }],
      ["http://127.0.0.1:3000/", { Host: "127.0.0.1:3000" }],
      ["https://app.example.com/", { "X-Forwarded-Proto": "http", Forwarded: "proto=http" }],
      ["http://app.example.com/", { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example" }],
    ] as [string, Record<string, string>][]) {
      const sessions = create({ now: () => 1_800_000_000, onEvent: () => {} });
      const session = await sessions.load(new Request(url, { headers }));
      session.data.views = 1;
      const [line = ""] = (await sessions.apply(session, new Response())).headers.getSetCookie();
      lines.add(line.replace(/=[\w.-]+;/, "=token;"));
    }
    expect([...lines]).toEqual([`${VISITOR_COOKIE}=token; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax`]);
  });
});

describe("createSessions() refuses", () => {
  const refused: [string, object][] = [
    ["an option there is none of", { secret: SECRET }],
    ["a misspelt option", { idleTimeOut: 60 }],
    ["__Host- with a domain", { name: "__Host-s", cookie: { domain: "example.com" } }],
    ["__Host- with a path", { name: "__Host-s", cookie: { path: "/app" } }],
    ["__Host- without Secure", { name: "__hOsT-s", cookie: { secure: false } }],
    ["__Secure- without Secure", { name: "__secure-s", cookie: { secure: false } }],
    ["__Http- without HttpOnly", { name: "__Http-s", cookie: { httpOnly: false } }],
    ["SameSite=None without Secure", { cookie: { sameSite: "none", secure: false } }],
    ["Partitioned without Secure", { cookie: { partitioned: true, secure: false } }],
    ["a sameSite of another kind", { cookie: { sameSite: "Lax" } }],
    ["a name with a space", { name: "my session" }],
    ["an empty name", { name: "" }],
    ["a path with a semicolon", { cookie: { path: "/; Domain=evil.example" } }],
    ["a domain with a line break", { cookie: { domain: "example.com\r\nSet-Cookie: a=b" } }],
    ["a cookie option there is none of", { cookie: { maxAge: 3600 } }],
    ["a misspelt cookie option", { cookie: { httponly: true } }],
    ["a listener that is no function", { onEvent: "log" }],
    ["a clock that is no function", { now: 5 }],
    ["a timeout of more than a hundred years", { absoluteTimeout: Number.MAX_SAFE_INTEGER }],
    ["an idle timeout of zero", { idleTimeout: 0 }],
    ["a timeout that is no whole number", { absoluteTimeout: 1.5 }],
    ["a timeout as text", { idleTimeout: "1d" }],
    ["a touch as rare as the idle timeout", { idleTimeout: 60, touchEvery: 60 }],
    ["a negative memory", { rememberTokens: -1 }],
    ["a limit of a user's sessions without a store", { maxSessions: 3 }],
    ["a copy without a store", { copy: copy({ maxAge: 60 }) }],
    ["visitors in a cookie without a store", { anonymous: "cookie" }],
    ["readable with a store", { readable: true, store: memory() }],
    ["a store without its methods", { store: { load: () => {} } }],
    ["another onStoreError", { onStoreError: "ignore" }],
    ["a context with NUL", { context: "a\0b" }],
  ];
  for (const [what, options] of refused) {
    it(what, () => expect(() => create(options)).toThrow(expect.objectContaining({ code: "ERR_OPTION", name: "OptionError" })));
  }

  it("a limit that nobody would keep, and says what it needs", () => {
    expect(refusal(() => create({ maxSessions: 3 }))).toBe(
      "Cannot use option maxSessions: it needs a store; without one nobody can list a user's sessions",
    );
    expect(create({ maxSessions: undefined }).load).toBeTypeOf("function");
  });

  it.each<[string, object, string]>([
    ["a timeout as text", { idleTimeout: "1d" }, 'idleTimeout "1d": it must be a whole number of seconds, 1 to 3153600000'],
    ["a touch as text", { touchEvery: "1h" }, 'touchEvery "1h": it must be a whole number of seconds, 0 or more'],
    ["a number as the cookie", { cookie: 60 }, 'cookie 60: it must be an object, like { sameSite: "strict" }'],
    ["a number that is no duration", { maxSessions: 0 }, "maxSessions 0: it must be a whole number, 1 or more"],
  ])("%s, and says what it must be", (_what, options, message) => {
    expect(() => create(options)).toThrow(new OptionError("ERR_OPTION", `Cannot use ${message}`));
  });

  it("what may hold anything, and does not show it", () => {
    expect(refusal(() => create({ onEvent: { token: "abc" } }))).toBe("Cannot use onEvent object: it must be a function");
    expect(refusal(() => create({ lazy: () => "abc" }))).toBe("Cannot use lazy function: it must be true or false");
  });

  it("and never shows a secret in the message", () => {
    const error = (() => {
      try {
        createSessions({ secrets: "hunter2" });
      } catch (thrown) {
        return thrown as Error;
      }
      throw new Error("nothing was thrown");
    })();
    expect(error.message).not.toContain("hunter2");
    expect(error.message).toContain("npx web-session-store keygen");
  });
});

describe("createSessions()", () => {
  it("does not change the options it is given", () => {
    const options = Object.freeze({ secrets: Object.freeze([SECRET, undefined]), cookie: Object.freeze({ path: "/" }) });
    expect(() => createSessions(options)).not.toThrow();
  });

  it("cuts Max-Age to the 400 days that browsers allow", async () => {
    const sessions = create({ idleTimeout: 1000 * 86_400, absoluteTimeout: 1000 * 86_400 });
    const session = await sessions.load(new Request("https://app.example.com/"));
    session.data.views = 1;
    const [line] = (await sessions.apply(session, new Response())).headers.getSetCookie();
    expect(line).toContain("Max-Age=34560000");
  });

  it("sets no Max-Age when the cookie is not to persist", async () => {
    const sessions = create({ cookie: { persistent: false } });
    const session = await sessions.load(new Request("https://app.example.com/"));
    session.data.views = 1;
    const [line] = (await sessions.apply(session, new Response())).headers.getSetCookie();
    expect(line).not.toContain("Max-Age");
  });
});
