/** Section C of docs/security.md: which cookies are read, and what comes of others. */
import { describe, expect, it } from "vitest";
import { createSessions, type SessionEvent } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sessionCrypto } from "../../src/token/session-crypto.ts";
import { type Primitives, webCrypto } from "../../src/token/web-crypto.ts";
import { makeApp } from "../support/app.ts";
import { Clock } from "../support/clock.ts";
import { baseOf, USER_COOKIE, userCookie } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";

/** An application with two users, and who it takes the sender of a Cookie header for. */
async function twoUsers() {
  const store = failingStore();
  const app = makeApp({ store });
  const other = app.newBrowser();
  await app.does((session) => session.login("alice"));
  await app.does((session) => session.login("mallory"), other);
  const value = (browser: typeof other) => browser.cookies.get(USER_COOKIE)?.value as string;
  const [alice, mallory] = [value(app.browser), value(other)];
  const who = async (Cookie: string) => {
    store.calls.length = 0;
    app.events.length = 0;
    const subjects: (string | undefined)[] = [];
    const response = await app.answers((session) => subjects.push(session.subject), { Cookie });
    return { subject: subjects[0], response, events: [...app.events] };
  };
  return { ...app, store, alice, mallory, who };
}

/** Web Crypto, counting what is asked of it. */
function countedPrimitives() {
  const asked: string[] = [];
  const { atOnce, ...calls } = webCrypto;
  const counted = Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      (...args: never[]) => {
        asked.push(name);
        return (call as (...all: never[]) => unknown)(...args);
      },
    ]),
  );
  return { asked, counted: sessionCrypto(() => ({ ...counted, atOnce }) as unknown as Primitives) };
}

describe("C: reading cookies", () => {
  it("C1 of several cookies of one name the order decides nothing: the good one is used, of two good ones none", async () => {
    const { who, alice, mallory } = await twoUsers();
    const forged = `${mallory.slice(0, -5)}AAAAA`;
    for (const tossed of ["junk", forged, "", mallory.toLowerCase()]) {
      expect((await who(`${USER_COOKIE}=${tossed}; ${USER_COOKIE}=${alice}`)).subject).toBe("alice");
      expect((await who(`${USER_COOKIE}=${alice}; ${USER_COOKIE}=${tossed}`)).subject).toBe("alice");
    }
    for (const header of [
      `${USER_COOKIE}=${alice}; ${USER_COOKIE}=${mallory}`,
      `${USER_COOKIE}=${mallory}; ${USER_COOKIE}=${alice}`,
    ]) {
      const { subject, response, events } = await who(header);
      expect([subject, events.at(-1)]).toEqual([undefined, { type: "ambiguous", reason: "several" }]);
      // A browser that was told to drop them would drop only what its user's answers set, and leave what was planted.
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  });

  it("C2 names are compared byte for byte: a prefix in other letters is another cookie", async () => {
    const { who, alice, store } = await twoUsers();
    const base = baseOf(USER_COOKIE);
    const capital = base.replace(/^./, (first) => first.toUpperCase());
    for (const name of [
      `__host-http-${base}`,
      `__HOST-HTTP-${base}`,
      `__Host-${base}`,
      `__Host-Http-${capital}`,
      base,
      `x${USER_COOKIE}`,
      `${USER_COOKIE} .`,
    ]) {
      expect((await who(`${name}=${alice}`)).subject).toBeUndefined();
    }
    expect(store.calls).toEqual([]);
    expect((await who(`__hOsT-hTtP-${base}=junk; ${USER_COOKIE}=${alice}`)).subject).toBe("alice");
  });

  it("C3 several Cookie fields are one: a cookie in any of them is found", async () => {
    const { alice, sessions } = await twoUsers();
    for (const fields of [
      ["theme=dark", `${USER_COOKIE}=${alice}`],
      [`${USER_COOKIE}=${alice}`, "theme=dark"],
      ["a=1; b=2", `c=3; ${USER_COOKIE}=${alice}`, "d=4"],
    ]) {
      const headers = new Headers(fields.map((field): [string, string] => ["Cookie", field]));
      expect((await sessions.read({ headers }))?.subject).toBe("alice");
    }
  });

  it("C4 garbage is no session, at no cost: no error, no store, and no cryptography for what is too long or not of our keys", async () => {
    const { asked, counted } = countedPrimitives();
    const store = failingStore();
    const events: SessionEvent[] = [];
    const options = { secrets: SECRET, store, now: new Clock().now, onEvent: (event: SessionEvent) => events.push(event) };
    const sessions = createSessions({ ...options, crypto: counted });
    const session = await sessions.load({ headers: { get: () => null } });
    session.login("alice");
    const [line = ""] = (await sessions.apply(session, new Response())).headers.getSetCookie();
    const good = line.split(";")[0] as string;
    expect((await sessions.read({ headers: { get: () => good } }))?.subject).toBe("alice");
    asked.length = 0;
    store.calls.length = 0;
    const token = good.slice(good.indexOf("=") + 1);
    const [header = "", payload = ""] = token.split(".");
    const garbage = [
      "",
      "%zz",
      "A".repeat(5000),
      "A".repeat(1_000_000),
      ".".repeat(1_000_000),
      "\ud800",
      "\0",
      `${token}.x`,
      `x${token}`,
    ];
    const notOurs = [
      `x.${payload}.x`,
      `${header}.${payload}`,
      `${header}.${payload}.${"A".repeat(42)}`,
      `${header}.${payload}.!`,
    ];
    for (const value of [...garbage, ...notOurs]) {
      expect(await sessions.read({ headers: { get: () => `${USER_COOKIE}=${value}` } })).toBeNull();
    }
    // More values than a browser can have: none is looked at, not even the good one.
    const crowd = `${USER_COOKIE}=a; ${USER_COOKIE}=b; ${USER_COOKIE}=c; ${USER_COOKIE}=d`;
    for (const header of [`${crowd}; ${good}`, `${good}; ${crowd}`]) {
      expect(await sessions.read({ headers: { get: () => header } })).toBeNull();
    }
    expect(asked).toEqual([]);
    expect(store.calls).toEqual([]);
    expect(events.filter(({ type }) => type === "invalid")).toHaveLength(garbage.length + notOurs.length);
  });

  it("C5 names that mean something to objects are cookies and key ids like any other", async () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const app = makeApp({ name, store: memory() });
      await app.does((session) => session.login("alice"));
      expect([...app.browser.cookies.keys()]).toEqual([userCookie(name)]);
      expect(await app.does((session) => session.subject)).toBe("alice");
    }
    const { who, alice, store } = await twoUsers();
    for (const kid of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const header = Buffer.from(JSON.stringify({ alg: "HS256", kid, typ: "session+jwt" })).toString("base64url");
      const { events } = await who(`__proto__=x; ${USER_COOKIE}=${[header, ...alice.split(".").slice(1)].join(".")}`);
      expect(events).toEqual([{ type: "invalid", reason: "unknown-key" }]);
    }
    expect(store.calls).toEqual([]);
  });

  it("C6 a token is taken from the Cookie header and from nowhere else", async () => {
    const { alice, sessions, store } = await twoUsers();
    store.calls.length = 0;
    const serve = sessions.handler((_request, session) => new Response(String(session.subject)));
    const request = new Request(`https://a.example/?session=${alice}&${USER_COOKIE}=${alice}#${USER_COOKIE}=${alice}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${alice}`, "X-Session": alice, "Set-Cookie": `${USER_COOKIE}=${alice}` },
      body: new URLSearchParams({ session: alice, [USER_COOKIE]: alice }),
    });
    expect(await (await serve(request)).text()).toBe("undefined");
    expect(request.bodyUsed).toBe(false);
    expect(store.calls).toEqual([]);
  });
});
