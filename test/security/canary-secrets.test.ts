/** Canaries in secrets and keys of every form, and in what says that they cannot be had. */

import { Hono } from "hono";
import { exportJWK, exportPKCS8, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { joseTokens } from "../../src/accept/jose.ts";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { fetched } from "../../src/features/fetched.ts";
import { sessionJwt } from "../../src/features/jwt.ts";
import { createSessions, type Secrets, type Session, type SessionEvent } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { SECRET } from "../support/secrets.ts";
import { fakeKoa } from "./fake-koa.ts";
import { inspectDeeply } from "./inspect-deeply.ts";
import { captureWritten } from "./written.ts";

const written = captureWritten();
const bytes = new TextEncoder().encode(SECRET);
const FAULT = "kanarie-fault: vault token Zx7";

/** A secret in every spelling that a logger may give it. */
function spellings(secret: Uint8Array): string[] {
  const buffer = Buffer.from(secret);
  return [
    ...(["utf8", "base64", "base64url", "hex"] as const).map((form) => buffer.toString(form)),
    buffer.join(","),
    buffer.join(", "),
  ];
}

function expectSilence(leaks: readonly string[], secrets: readonly Uint8Array[] = [bytes]): void {
  for (const text of [...leaks, ...written]) {
    expect(text).not.toMatch(/kanarie/i);
    for (const spelling of secrets.flatMap(spellings)) expect(text).not.toContain(spelling);
  }
}

const FORMS: [string, () => Secrets | Promise<Secrets>][] = [
  ["a text", () => SECRET],
  ["bytes", () => Uint8Array.from(bytes)],
  ["a CryptoKey", () => crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"])],
  ["something to get() it from", () => fetched({ get: async () => SECRET })],
  ["a function", () => fetched(async () => [Uint8Array.from(bytes)])],
];

/** A visit to an application on `fetch`, with Hono and with Koa: what they throw, answer, report and are. */
async function visits(secrets: Secrets, act: (session: Session) => unknown): Promise<string[]> {
  const events: SessionEvent[] = [];
  const options = { secrets, store: memory(), onEvent: (event: SessionEvent) => events.push(event) };
  const sessions = createSessions(options);
  const web = honoSession(options);
  const errors: unknown[] = [];
  const app = new Hono().use(web).get("/", (c) => c.text(`${act(web.get(c)) ?? "done"}`));
  app.onError((error, c) => {
    errors.push(error);
    return c.text("failed", 500);
  });
  const handler = sessions.handler((_request, session) => new Response(`${act(session) ?? "done"}`));
  const koa = fakeKoa(koaSession(options));
  const request = () => new Request("https://app.example.com/", { headers: { Cookie: `${USER_COOKIE}=x.y.z` } });
  const results = await Promise.allSettled([handler(request()), app.request(request()), koa(null, act)]);
  const leaks = [...results, errors, events, sessions, web, koa].map(inspectDeeply);
  for (const result of results) {
    if (result.status !== "fulfilled" || !(result.value instanceof Response)) continue;
    leaks.push(await result.value.text(), JSON.stringify([...result.value.headers]));
  }
  return leaks;
}

describe("A15 a secret in any form is in no error, event, console line or header, and what keeps it does not show it", () => {
  for (const [form, make] of FORMS) {
    it(`${form}: a visit that goes well, and one that fails`, async () => {
      const secrets = await make();
      const well = await visits(secrets, (session) => session.login("alice"));
      const badly = await visits(secrets, (session) => Object.assign(session.data, { bad: () => SECRET }));
      expect(badly.join()).toContain("DataError");
      expectSilence([...well, ...badly]);
    });
  }

  it("the key of sessionJwt() and of joseTokens(): they show nothing of it, nor does an error about it", async () => {
    const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
    const [jwk, pem] = [await exportJWK(privateKey), await exportPKCS8(privateKey)];
    const secret = Buffer.from(jwk.d as string, "base64url");
    const leaks: string[] = [];
    const note = (value: unknown) => leaks.push(inspectDeeply(value));
    const session = { id: "a".repeat(32), subject: "alice", expiresAt: Date.now() };
    for (const key of [jwk, pem]) {
      const handOn = sessionJwt({ key, algorithm: "EdDSA" });
      note(handOn);
      note(await (await handOn.jwks()).text());
      await handOn.jwt({ id: session.id, expiresAt: session.expiresAt }, { audience: "x" }).catch(note);
      await handOn.jwt(session, { audience: "" }).catch(note);
    }
    for (const key of [{ ...jwk, x: "kanarie" }, `${pem.slice(0, 60)}kanarie`]) {
      await sessionJwt({ key, algorithm: "EdDSA" }).jwks().catch(note);
    }
    for (const key of [jwk, pem, new Uint8Array(secret)]) {
      try {
        sessionJwt({ key: key as never, algorithm: "ES256" });
      } catch (error) {
        note(error);
      }
      try {
        joseTokens({ algorithms: ["EdDSA"], key: key as never });
      } catch (error) {
        note(error);
      }
    }
    note(joseTokens({ algorithms: ["HS256"], key: bytes }));
    expect(leaks.length).toBeGreaterThan(10);
    expectSilence(leaks, [bytes, secret]);
    for (const leak of leaks) expect(leak).not.toContain(pem.split("\n")[1]);
  });
});

/** What a vault's client may throw, with what it was asked and what it knows. */
function vaultError(): Error {
  return Object.assign(new Error(FAULT, { cause: new Error(FAULT) }), { code: FAULT, request: { token: FAULT }, secret: SECRET });
}

const FAILING: [string, () => Secrets][] = [
  ["a function that rejects", () => fetched(() => Promise.reject(vaultError()))],
  [
    "a function that throws at once",
    () =>
      fetched(() => {
        throw vaultError();
      }),
  ],
  ["a function that rejects with a text", () => fetched(() => Promise.reject(`${FAULT} ${SECRET}`))],
  ["something whose get() rejects", () => fetched([SECRET, { get: () => Promise.reject(vaultError()) }])],
  ["a function that gives a weak one", () => fetched(async () => "kanarie")],
  ["something that gives a placeholder", () => fetched({ get: async () => "your-secret-key-kanarie-kanarie-kanarie-kanarie" })],
  ["a function that gives something else", () => fetched(async () => ({ kanarie: SECRET }) as never)],
];

describe("A15 secrets that cannot be had make an error that tells nothing, and the failure is not remembered", () => {
  for (const [what, make] of FAILING) {
    it(what, async () => {
      const leaks = await visits(make(), (session) => session.login("alice"));
      expect(leaks.slice(0, 2).join()).toContain("ERR_SECRET");
      expectSilence(leaks);
    });
  }

  it("the next request asks the provider again, also after many failed at the same time", async () => {
    let [asked, broken] = [0, true];
    const app = makeApp({
      secrets: fetched(async () => {
        asked++;
        if (broken) throw vaultError();
        return SECRET;
      }),
    });
    const login = () => app.answers((session) => session.login("alice"));
    const failed = await Promise.allSettled([login(), login(), login()]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expectSilence([inspectDeeply(failed), inspectDeeply(app.events)]);
    broken = false;
    const before = asked;
    expect((await Promise.all([login(), login()])).map(({ status }) => status)).toEqual([200, 200]);
    // Each of two requests at once asks for itself, since one may not wait for what another is waiting for; and then nobody asks again.
    expect(asked).toBe(before + 2);
    await login();
    expect(asked).toBe(before + 2);
  });

  it("the next request derives again, where deriving a key failed", async () => {
    const app = makeApp();
    const { deriveBits } = crypto.subtle;
    crypto.subtle.deriveBits = async () => {
      throw Object.assign(new Error(FAULT), { name: "OperationError" });
    };
    const login = () => app.answers((session) => session.login("alice"));
    try {
      await expect(login()).rejects.toThrow();
    } finally {
      crypto.subtle.deriveBits = deriveBits;
    }
    expect((await login()).headers.getSetCookie()).toHaveLength(1);
  });

  it("the key of an accepted token: the request fails, tells nothing, and the next one asks again", async () => {
    let broken = true;
    const getKey = async () => {
      if (broken) throw vaultError();
      return bytes;
    };
    const claims = ({ iat, exp, sub }: { iat?: number; exp?: number; sub?: string }) => ({ start: iat, exp, sub });
    const accept = [joseTokens({ cookie: "sid", algorithms: ["HS256"], getKey, claims })];
    const app = makeApp({ accept });
    const now = app.clock.now();
    const token = await new SignJWT({ sub: "alice", iat: now, exp: now + 600 }).setProtectedHeader({ alg: "HS256" }).sign(bytes);
    const seen: unknown[] = [];
    const ask = () => app.answers((session) => seen.push(session.subject), { Cookie: `sid=${token}` });
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ERR_SECRET" });
    expectSilence([inspectDeeply(error), inspectDeeply(app.events)]);
    expect(inspectDeeply(error)).not.toContain(token);
    broken = false;
    await ask();
    expect(seen).toEqual(["alice"]);
  });
});
