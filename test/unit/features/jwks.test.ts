import { createRemoteJWKSet, exportJWK, generateKeyPair, type JWK, jwtVerify } from "jose";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { joseTokens } from "../../../src/accept/jose.ts";
import {
  type HandedSession,
  type SessionJwt,
  type SessionJwtOptions,
  type SigningAlgorithm,
  sessionJwt,
} from "../../../src/features/jwt.ts";
import { OptionError } from "../../../src/ground/errors.ts";
import { createSessions } from "../../../src/index.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { Browser } from "../../support/browser.ts";
import { USER_COOKIE } from "../../support/cookie-names.ts";
import { closeServers, listenOn } from "../../support/koa.ts";
import { SECRET } from "../../support/secrets.ts";

const ISSUER = "https://example.com";
const ORDERS = "https://orders.example.com";
const ALGORITHMS: readonly SigningAlgorithm[] = ["EdDSA", "ES256"];
const alice = (): HandedSession => ({
  id: "abcdefghijklmnopqrstuvwxyzABCDEF",
  subject: "alice",
  expiresAt: Math.floor(Date.now() / 1000) + 86_400,
});

const keys = {} as Record<SigningAlgorithm, JWK>;
beforeAll(async () => {
  for (const algorithm of ALGORITHMS) {
    keys[algorithm] = await exportJWK((await generateKeyPair(algorithm, { extractable: true })).privateKey);
  }
});

afterEach(closeServers);

/** Serves on this machine; `answer` may change while it runs. */
async function listen(answer: (request: Request) => Promise<Response>): Promise<URL> {
  const port = await listenOn(async (req, res) => {
    const headers = new Headers();
    for (const [name, value] of Object.entries(req.headers)) headers.set(name, String(value));
    const response = await answer(new Request(`http://127.0.0.1${req.url}`, { method: req.method ?? "GET", headers }));
    res.writeHead(response.status, [...response.headers].flat());
    res.end(await response.text());
  });
  return new URL(`http://127.0.0.1:${port}/`);
}

/** A service behind the edge: it knows an address, who issues tokens, and its own name. */
async function service(address: URL, audience = ORDERS) {
  const known = createRemoteJWKSet(address, { cooldownDuration: 0 });
  const url = await listen(async (request) => {
    const token = request.headers.get("Authorization")?.replace("Bearer ", "") ?? "";
    try {
      const { payload } = await jwtVerify(token, known, { issuer: ISSUER, audience, typ: "JWT", algorithms: [...ALGORITHMS] });
      return new Response(`orders of ${payload.sub}`);
    } catch (error) {
      return new Response((error as { code?: string }).code ?? String(error), { status: 401 });
    }
  });
  return async (token: string): Promise<string> => (await fetch(url, { headers: { Authorization: `Bearer ${token}` } })).text();
}

function make(algorithm: SigningAlgorithm, more: Partial<SessionJwtOptions> = {}): SessionJwt {
  return sessionJwt({ key: keys[algorithm], algorithm, issuer: ISSUER, ...more });
}

describe.each(ALGORITHMS)("a JWT signed with %s, and a service that fetches the keys over HTTP", (algorithm) => {
  it("is taken by the service it is for, and says who is logged in", async () => {
    const handOn = make(algorithm);
    let asked = 0;
    const address = await listen(() => {
      asked++;
      return handOn.jwks();
    });
    const ask = await service(address);
    for (let count = 0; count < 3; count++) {
      expect(await ask(await handOn.jwt(alice(), { audience: ORDERS }))).toBe("orders of alice");
    }
    expect(asked).toBe(1);
    const response = await fetch(address);
    expect(response.headers.get("Content-Type")).toBe("application/jwk-set+json");
    expect(await response.text()).not.toContain(keys[algorithm].d);
  });

  it("is refused by a service that it is not for, after its end, from another issuer, and when it was changed", async () => {
    const handOn = make(algorithm);
    const address = await listen(() => handOn.jwks());
    const [ask, billing] = [await service(address), await service(address, "https://billing.example.com")];
    const good = await handOn.jwt(alice(), { audience: ORDERS });
    expect(await billing(good)).toBe("ERR_JWT_CLAIM_VALIDATION_FAILED");
    const yesterday = make(algorithm, { now: () => Date.now() / 1000 - 86_400 });
    expect(await ask(await yesterday.jwt(alice(), { audience: ORDERS }))).toBe("ERR_JWT_EXPIRED");
    const minute = make(algorithm, { now: () => Date.now() / 1000 - 61 });
    expect(await ask(await minute.jwt(alice(), { audience: ORDERS }))).toBe("ERR_JWT_EXPIRED");
    const foreign = make(algorithm, { issuer: "https://evil.example" });
    expect(await ask(await foreign.jwt(alice(), { audience: ORDERS }))).toBe("ERR_JWT_CLAIM_VALIDATION_FAILED");
    const [header, payload = "", signature] = good.split(".");
    const said = JSON.parse(Buffer.from(payload, "base64url").toString());
    const admin = Buffer.from(JSON.stringify({ ...said, sub: "admin" })).toString("base64url");
    expect(await ask(`${header}.${admin}.${signature}`)).toBe("ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
    expect(await ask(`eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.${payload}.`)).toBe("ERR_JOSE_ALG_NOT_ALLOWED");
    expect(await ask(good)).toBe("orders of alice");
  });

  it("is refused when another key signed it, and taken once that key is shown", async () => {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const next = make(algorithm, { key: await exportJWK(privateKey), otherKeys: [{ ...keys[algorithm], alg: algorithm }] });
    let shown = make(algorithm);
    const ask = await service(await listen(() => shown.jwks()));
    const before = await make(algorithm).jwt(alice(), { audience: ORDERS });
    const after = await next.jwt(alice(), { audience: ORDERS });
    expect([await ask(before), await ask(after)]).toEqual(["orders of alice", "ERR_JWKS_NO_MATCHING_KEY"]);
    shown = next;
    expect([await ask(after), await ask(before)]).toEqual(["orders of alice", "orders of alice"]);
  });
});

describe("joseTokens() with keys that are fetched over HTTP", () => {
  it("lets in who another program of ours logged in, as a session of our own", async () => {
    const login = make("ES256");
    const getKey = createRemoteJWKSet(await listen(() => login.jwks()), { cooldownDuration: 0 });
    const handed = joseTokens({
      cookie: "handed",
      algorithms: ["ES256"],
      typ: "JWT",
      getKey,
      claims: ({ iss, aud, sub, iat, exp }) => (iss === ISSUER && aud === ORDERS ? { start: iat, exp, sub } : null),
    });
    const sessions = createSessions({ secrets: SECRET, store: memory(), accept: [handed] });
    const browser = new Browser(sessions.handler((_request, session) => new Response(session.subject ?? "nobody")));
    const visit = async (token: string) => {
      browser.cookies.clear();
      browser.hold(`handed=${token}`);
      return (await browser.visit("/")).text();
    };
    expect(await visit(await login.jwt(alice(), { audience: ORDERS }))).toBe("alice");
    expect([...browser.cookies.keys()]).toEqual([USER_COOKIE]);
    expect(await (await browser.visit("/")).text()).toBe("alice");
    expect(await visit(await login.jwt(alice(), { audience: "https://billing.example.com" }))).toBe("nobody");
    const other = make("ES256", { key: await exportJWK((await generateKeyPair("ES256", { extractable: true })).privateKey) });
    expect(await visit(await other.jwt(alice(), { audience: ORDERS }))).toBe("nobody");
  });

  it("fails the request while the keys cannot be fetched, and says nothing of the token; then it fetches them again", async () => {
    const login = make("EdDSA");
    let broken = true;
    const address = await listen(async () => (broken ? new Response("no", { status: 500 }) : login.jwks()));
    const getKey = createRemoteJWKSet(address, { cooldownDuration: 0 });
    const { open } = joseTokens({ algorithms: ["EdDSA"], getKey, claims: ({ iat, exp, sub }) => ({ start: iat, exp, sub }) });
    const token = await login.jwt(alice(), { audience: ORDERS });
    const error = await Promise.resolve(open(token)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ code: "ERR_SECRET", message: "Cannot get the key of a token: its provider failed" });
    broken = false;
    expect(await open(token)).toHaveProperty("claims.sub", "alice");
  });
});
