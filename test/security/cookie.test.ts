/** Section B of docs/security.md: the cookie on the wire. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { createSessions, type SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { DAY } from "../support/clock.ts";
import { COPY_COOKIE, USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";

/** RFC 6265bis, section 4.1.1: name, value, and attributes as we write them. */
const SET_COOKIE =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+=[!#-+\--:<-[\]-~]*(; (Max-Age=\d+|Expires=[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|Path=\/[!-+\--:<-~]*|Domain=[!-+\--:<-~]+|HttpOnly|Secure|SameSite=(Lax|Strict|None)|Partitioned|Priority=(Low|Medium|High)))*$/;

const login = (session: { login(subject: string): void }) => session.login("alice");
const linesOf = async (options: Partial<SessionOptions>) => (await makeApp(options).answers(login)).headers.getSetCookie();
const nameOf = (line: string) => line.slice(0, line.indexOf("="));

describe("B: the cookie", () => {
  it("B1 without options the cookie is __Host-Http-, Secure, HttpOnly, SameSite=Lax, Path=/ and has no Domain", async () => {
    const names = [USER_COOKIE, VISITOR_COOKIE, COPY_COOKIE].join("|");
    const form = new RegExp(String.raw`^(${names})=[\w.-]+; Max-Age=\d+; Path=/; HttpOnly; Secure; SameSite=Lax$`);
    for (const options of [{}, { store: memory() }, { store: memory(), copy: copy({ maxAge: 60 }) }]) {
      const app = makeApp(options);
      for (const act of [(session: { data: object }) => Object.assign(session.data, { cart: 1 }), login]) {
        const response = await app.answers(act, { Cookie: app.browser.cookieHeader() });
        const lines = response.headers.getSetCookie();
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) expect(line).toMatch(form);
      }
    }
  });

  it("B2 the prefix is the strongest one that the attributes allow, of visitors and of users", async () => {
    for (const [cookie, prefix] of [
      [{}, "__Host-Http-"],
      [{ httpOnly: false }, "__Host-"],
      [{ domain: "example.com" }, "__Secure-"],
      [{ path: "/app" }, "__Secure-"],
      [{ domain: "example.com", httpOnly: false }, "__Secure-"],
      [{ secure: false }, ""],
    ] as [SessionOptions["cookie"], string][]) {
      const app = makeApp({ cookie: cookie as object, onEvent: () => {} });
      const visited = (await app.answers((session) => Object.assign(session.data, { cart: 1 }))).headers.getSetCookie();
      const loggedIn = (await app.answers(login)).headers.getSetCookie();
      expect([visited.map(nameOf), loggedIn.map(nameOf)]).toEqual([[`${prefix}session`], [`${prefix}session-user`]]);
    }
    for (const name of ["__Host-Http-session", "http-session"]) {
      const make = () => createSessions({ secrets: SECRET, name, cookie: { httpOnly: false } });
      expect(make, name).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
    }
  });

  it("B3 a name whose prefix its attributes do not keep is refused at creation, in any case of letters", () => {
    const bad: [string, SessionOptions["cookie"]][] = [
      ["__Host-a", { domain: "example.com" }],
      ["__Host-a", { path: "/x" }],
      ["__Host-a", { secure: false }],
      ["__hOsT-a", { domain: "example.com" }],
      ["__HOST-a", { secure: false }],
      ["__Secure-a", { secure: false }],
      ["__sEcUrE-a", { secure: false }],
      ["__Http-a", { httpOnly: false }],
      ["__Http-a", { secure: false }],
      ["__Host-Http-a", { httpOnly: false }],
      ["__Host-Http-a", { path: "/x" }],
      ["__host-http-a", { domain: "example.com" }],
      ["__Host-", {}],
    ];
    for (const [name, cookie] of bad) {
      const make = () => createSessions({ secrets: SECRET, name, ...(cookie && { cookie }) });
      expect(make, `${name} ${JSON.stringify(cookie)}`).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
    }
  });

  it("B4 whatever the options, each line is a Set-Cookie of RFC 6265bis, or they are refused at creation", async () => {
    const text = fc.oneof(
      fc.constantFrom(
        "session",
        "/",
        "/app",
        "example.com",
        "",
        "a b",
        "a\r\nSet-Cookie: x=y",
        "a;b",
        "ä",
        "__Host-x",
        "\0",
        '"',
        "\\",
      ),
      fc.string({ unit: "binary-ascii", maxLength: 6 }),
    );
    const mostly = (...good: string[]) => fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...good) }, text);
    const options = fc.record(
      { name: mostly("session", "a!b"), domain: mostly("example.com", "localhost"), path: mostly("/", "/app") },
      { requiredKeys: [] },
    );
    let made = 0;
    await fc.assert(
      fc.asyncProperty(options, async ({ name, ...cookie }) => {
        let app: ReturnType<typeof makeApp>;
        try {
          app = makeApp({ ...(name !== undefined && { name }), cookie });
        } catch (error) {
          expect(error).toMatchObject({ code: "ERR_OPTION" });
          return;
        }
        const response = await app.answers(login);
        made++;
        const Cookie = response.headers
          .getSetCookie()
          .map((line) => line.split(";")[0])
          .join("; ");
        const cleared = await app.answers((session) => session.destroy(), { Cookie });
        for (const line of [...response.headers.getSetCookie(), ...cleared.headers.getSetCookie()])
          expect(line).toMatch(SET_COOKIE);
      }),
      { numRuns: 500 },
    );
    expect(made).toBeGreaterThan(20);
  });

  it("B5 name and value take at most 4,096 bytes; one more is an error, and nothing is sent", async () => {
    for (const options of [{}, { readable: true }]) {
      const sizes: number[] = [];
      let refused = 0;
      for (let length = 2600; length < 3000; length++) {
        const act = (session: { data: object }) => Object.assign(session.data, { text: "x".repeat(length) });
        const answer = await makeApp(options)
          .answers(act)
          .catch((error: unknown) => error);
        if (answer instanceof Response) {
          const [line = ""] = answer.headers.getSetCookie();
          sizes.push(Buffer.byteLength(line.split(";")[0] as string) - 1);
        } else {
          refused++;
          expect(answer).toMatchObject({ code: "ERR_COOKIE_TOO_LARGE" });
        }
      }
      expect(refused).toBeGreaterThan(0);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
      expect(Math.max(...sizes)).toBeGreaterThan(4090);
    }
  });

  it("B6 the cookies of one session stay below 8,192 bytes together, with the largest copy and data", async () => {
    for (const options of [
      {},
      { store: memory(), copy: copy({ maxAge: 60 }) },
      { store: memory(), copy: copy({ maxAge: 60 }), anonymous: "cookie" as const },
    ]) {
      for (let length = 2000; length < 3000; length += 10) {
        const app = makeApp(options);
        const fill = (session: { data: object }) => Object.assign(session.data, { text: "x".repeat(length) });
        await app.does(fill).catch(() => {});
        expect(app.browser.cookieHeader().length).toBeLessThan(8192);
        await app.does((session) => fill(session) && session.login("alice")).catch(() => {});
        expect(app.browser.cookieHeader().length).toBeLessThan(8192);
      }
    }
  });

  it("B7 one line for each name, beside the application's own", async () => {
    const app = makeApp({ store: memory(), copy: copy({ maxAge: 60 }) });
    await app.does((session) => Object.assign(session.data, { cart: 1 }));
    const own = ["theme=dark; Path=/", "lang=de; Path=/"];
    const response = await app.answers(
      async (session) => {
        session.data.cart = 2;
        await session.save();
        session.login("alice");
        await session.save();
        session.regenerateId();
        session.data.cart = 3;
        return new Response("", { headers: own.map((line): [string, string] => ["Set-Cookie", line]) });
      },
      { Cookie: app.browser.cookieHeader() },
    );
    const lines = response.headers.getSetCookie();
    expect(lines).toEqual(expect.arrayContaining(own));
    expect(new Set(lines.map(nameOf)).size).toBe(lines.length);
    expect(lines.map(nameOf)).toContain(USER_COOKIE);
  });

  it("B8 a visitor whose session is only read gets no cookie, no cache header but Vary, and untouched nothing at all", async () => {
    const { answers } = makeApp({ store: memory() });
    const page = () => new Response(null, { headers: { "Cache-Control": "public, max-age=60" } });
    const untouched = await answers(page);
    expect([...untouched.headers].map(([name]) => name)).toEqual(["cache-control"]);
    const read = await answers((session) => (session.data.cart ? undefined : page()));
    expect(Object.fromEntries(read.headers)).toEqual({ "cache-control": "public, max-age=60", vary: "Cookie" });
  });

  it("B9 a cookie is deleted with the name, Path, Domain and Partitioned it was set with, Max-Age=0 and an Expires long ago", async () => {
    for (const cookie of [{}, { domain: "example.com" }, { path: "/app" }, { partitioned: true, sameSite: "none" as const }]) {
      const app = makeApp({ cookie, store: memory() });
      const set = (await app.answers(login)).headers.getSetCookie()[0] as string;
      const ended = await app.answers((session) => session.logout(), { Cookie: set.split(";")[0] as string });
      const lines = ended.headers.getSetCookie();
      const kept = (line: string) => line.replace(/=[^;]*/, "").replace(/; (Max-Age|Expires)=[^;]*/g, "");
      expect(lines.map(kept)).toContain(kept(set));
      for (const line of lines) expect(line).toMatch(/^[^=]+=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT;/);
    }
  });

  it("B10 Max-Age is at most 400 days", async () => {
    const [line = ""] = await linesOf({ idleTimeout: 900 * DAY, absoluteTimeout: 1000 * DAY });
    expect(line).toContain("; Max-Age=34560000;");
  });

  it("B11 SameSite is always sent, and none without Secure is refused", async () => {
    for (const [sameSite, sent] of [
      ["lax", "Lax"],
      ["strict", "Strict"],
      ["none", "None"],
      [undefined, "Lax"],
    ] as const) {
      const [line] = await linesOf({ cookie: sameSite === undefined ? {} : { sameSite } });
      expect(line).toContain(`; SameSite=${sent}`);
    }
    const make = () => createSessions({ secrets: SECRET, cookie: { sameSite: "none", secure: false } });
    expect(make).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });

  it("B12 Partitioned needs Secure, and goes with __Host-Http-", async () => {
    const [line] = await linesOf({ cookie: { partitioned: true, sameSite: "none" } });
    expect(line).toMatch(new RegExp(`^${USER_COOKIE}=.*; Secure; SameSite=None; Partitioned$`));
    const make = () => createSessions({ secrets: SECRET, cookie: { partitioned: true, secure: false } });
    expect(make).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });

  it("B13 Secure is what the options say, whatever the request says of its protocol", async () => {
    for (const url of ["http://app.example.com/", "https://app.example.com/"]) {
      for (const proto of ["http", "https", "http,https"]) {
        for (const secure of [true, false]) {
          const sessions = createSessions({ secrets: SECRET, cookie: { secure }, onEvent: () => {} });
          const serve = sessions.handler((_request, session) => session.login("alice") ?? new Response());
          const headers = { "X-Forwarded-Proto": proto, Forwarded: `proto=${proto}`, "CF-Visitor": `{"scheme":"${proto}"}` };
          const [line = ""] = (await serve(new Request(url, { headers }))).headers.getSetCookie();
          expect(line.includes("; Secure")).toBe(secure);
        }
      }
    }
  });

  it("B14 a response with a session cookie is no-store, whatever the handler said; one without is left as it is", async () => {
    const cached = () => new Response("", { headers: { "Cache-Control": "public, max-age=600" } });
    for (const options of [{}, { store: memory() }, { store: memory(), copy: copy({ maxAge: 60 }) }]) {
      const app = makeApp(options);
      const written = await app.answers((session) => session.login("alice") ?? cached());
      expect(written.headers.get("Cache-Control")).toBe("no-store");
      app.browser.receive(written);
      app.clock.pass(DAY / 2);
      const read = await app.answers((session) => (session.subject === "alice" ? cached() : undefined), {
        Cookie: app.browser.cookieHeader(),
      });
      expect([read.headers.get("Cache-Control"), read.headers.getSetCookie()]).toEqual(["public, max-age=600", []]);
      const ended = await app.answers((session) => session.logout() ?? cached(), { Cookie: app.browser.cookieHeader() });
      expect(ended.headers.get("Cache-Control")).toBe("no-store");
    }
  });
});
