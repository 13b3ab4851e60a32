/** sessionJwt(): services behind this one learn who is logged in, from a token that lives for seconds. */
import { generateKeyPairSync } from "node:crypto";
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type HandedSession,
  type JwtOptions,
  type SessionJwt,
  type SessionJwtOptions,
  sessionJwt,
} from "../../../src/features/jwt.ts";
import { OptionError, StateError } from "../../../src/ground/errors.ts";
import { createSessions, type Session } from "../../../src/index.ts";
import { signedTokens } from "../../../src/token/signed.ts";
import { webCrypto } from "../../../src/token/web-crypto.ts";
import { SECRET } from "../../support/secrets.ts";

const NOW = 1_800_000_000;
const AUDIENCE = "https://orders.example.com";
const ISSUER = "https://example.com";
const ALICE: HandedSession = { id: "abcdefghijklmnopqrstuvwxyzABCDEF", subject: "alice", expiresAt: NOW + 86_400 };

let jwk: JWK;
let ecJwk: JWK;
beforeAll(async () => {
  jwk = await exportJWK((await generateKeyPair("EdDSA", { extractable: true })).privateKey);
  ecJwk = await exportJWK((await generateKeyPair("ES256", { extractable: true })).privateKey);
});

function make(options: Partial<SessionJwtOptions> = {}): SessionJwt {
  return sessionJwt({ key: jwk, algorithm: "EdDSA", issuer: ISSUER, now: () => NOW + 0.5, ...options });
}

async function keySet(from: SessionJwt): Promise<JSONWebKeySet> {
  return (await from.jwks()).json();
}

/** What a service behind this one does. */
async function verify(token: string, from: SessionJwt, options: JWTVerifyOptions = {}) {
  const known = { issuer: ISSUER, audience: AUDIENCE, currentDate: new Date((NOW + 1) * 1000), typ: "JWT" };
  return jwtVerify(token, createLocalJWKSet(await keySet(from)), { ...known, ...options });
}

describe("sessionJwt()", () => {
  it("makes a token that a service verifies with the published key", async () => {
    const handOn = make();
    const token = await handOn.jwt(ALICE, { audience: AUDIENCE });
    const { payload, protectedHeader } = await verify(token, handOn);
    const { jti, ...said } = payload;
    expect(said).toEqual({ iss: ISSUER, sub: "alice", aud: AUDIENCE, iat: NOW, exp: NOW + 60, sid: ALICE.id });
    expect(jti).toMatch(/^[\w-]{22}$/);
    expect(protectedHeader).toEqual({ alg: "EdDSA", kid: (await keySet(handOn)).keys[0]?.kid, typ: "JWT" });
  });

  it("draws the jti from the runtime: Node has UUIDs ready, which a machine that was cloned would have twice", async () => {
    const { randomUUID } = crypto;
    crypto.randomUUID = () => "00000000-0000-4000-8000-000000000000";
    try {
      const [one, other] = [await make().jwt(ALICE, { audience: AUDIENCE }), await make().jwt(ALICE, { audience: AUDIENCE })];
      expect(decodeJwt(one).jti).not.toBe(decodeJwt(other).jti);
    } finally {
      crypto.randomUUID = randomUUID;
    }
  });

  it("makes another jti every time", async () => {
    const handOn = make();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => handOn.jwt(ALICE, { audience: AUDIENCE })));
    expect(new Set(tokens.map((token) => decodeJwt(token).jti)).size).toBe(20);
  });

  it.each([
    ["another audience", { audience: "https://billing.example.com" }],
    ["another issuer", { issuer: "https://example.org" }],
    ["a later time", { currentDate: new Date((NOW + 60) * 1000) }],
    ["another algorithm", { algorithms: ["ES256"] }],
  ] satisfies [string, JWTVerifyOptions][])("is refused by a service with %s", async (_, options) => {
    const handOn = make();
    const token = await handOn.jwt(ALICE, { audience: AUDIENCE });
    await expect(verify(token, handOn)).resolves.toBeDefined();
    await expect(verify(token, handOn, options)).rejects.toThrow();
  });

  it("is refused by a service that knows another key", async () => {
    const token = await make().jwt(ALICE, { audience: AUDIENCE });
    const other = make({ key: await exportJWK((await generateKeyPair("EdDSA", { extractable: true })).privateKey) });
    await expect(verify(token, other)).rejects.toThrow();
    await expect(verify(token, make({ key: ecJwk, algorithm: "ES256" }))).rejects.toThrow();
  });

  it("is for several services, says more, and lives as long as it is told", async () => {
    const handOn = make();
    const services = [AUDIENCE, "https://billing.example.com"] as const;
    const token = await handOn.jwt(ALICE, { audience: services, expiresIn: 3600, claims: { roles: ["admin"] } });
    for (const audience of services) {
      const { payload } = await verify(token, handOn, { audience });
      expect(payload).toMatchObject({ roles: ["admin"], exp: NOW + 3600, aud: services });
    }
  });

  it("does not outlive the session", async () => {
    const token = await make().jwt({ ...ALICE, expiresAt: NOW + 20 }, { audience: AUDIENCE });
    expect(decodeJwt(token).exp).toBe(NOW + 20);
  });

  it("says no issuer where none is set", async () => {
    const handOn = sessionJwt({ key: jwk, algorithm: "EdDSA", now: () => NOW });
    expect(decodeJwt(await handOn.jwt(ALICE, { audience: AUDIENCE }))).not.toHaveProperty("iss");
  });

  it("uses the clock where no time is given", async () => {
    const handOn = sessionJwt({ key: jwk, algorithm: "EdDSA" });
    const before = Math.floor(Date.now() / 1000);
    const { iat } = decodeJwt(await handOn.jwt({ ...ALICE, expiresAt: before + 86_400 }, { audience: AUDIENCE }));
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it("works with a session as a handler has it: not before the login, not after the logout", async () => {
    const sessions = createSessions({ secrets: SECRET, now: () => NOW });
    const handOn = make();
    const answer = sessions.handler(async (_, session: Session) => {
      const refused = await handOn.jwt(session, { audience: AUDIENCE }).catch((error: unknown) => error);
      session.login("bob");
      const token = await handOn.jwt(session, { audience: AUDIENCE });
      const id = session.id;
      session.logout();
      const after = await handOn.jwt(session, { audience: AUDIENCE }).catch((error: unknown) => error);
      return Response.json([
        refused instanceof StateError,
        decodeJwt(token).sub,
        decodeJwt(token).sid === id,
        after instanceof StateError,
      ]);
    });
    expect(await (await answer(new Request("https://example.com/"))).json()).toEqual([true, "bob", true, true]);
  });

  it("works with what read() gives, for the subject that is the empty text too", async () => {
    const token = await make().jwt({ id: ALICE.id, subject: "", expiresAt: NOW + 100 }, { audience: AUDIENCE });
    expect(decodeJwt(token).sub).toBe("");
  });

  it("throws for a session that is nobody's", async () => {
    const { jwt } = make();
    const error = await jwt({ id: ALICE.id, expiresAt: NOW + 100 }, { audience: AUDIENCE }).catch((some) => some);
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({
      code: "ERR_NOT_LOGGED_IN",
      name: "StateError",
      message: "Cannot make a JWT: nobody is logged in",
    });
  });

  it.each([
    ["no audience", {}],
    ["an empty audience", { audience: "" }],
    ["no audience in a list", { audience: [] }],
    ["an audience that is no text", { audience: [1] }],
    ["a life of no seconds", { audience: AUDIENCE, expiresIn: 0 }],
    ["a life of more than an hour", { audience: AUDIENCE, expiresIn: 3601 }],
    ["a life of half a second", { audience: AUDIENCE, expiresIn: 0.5 }],
    ["a claim that is the library's", { audience: AUDIENCE, claims: { sub: "root" } }],
    ["an exp of its own", { audience: AUDIENCE, claims: { exp: 1e12 } }],
    ["a misspelt option", { audience: AUDIENCE, expiresin: 5 }],
  ])("throws for %s", async (_, options) => {
    await expect(make().jwt(ALICE, options as unknown as JwtOptions)).rejects.toThrow(OptionError);
  });

  it("is no session: our cookies do not take it", async () => {
    const token = await make().jwt(ALICE, { audience: AUDIENCE });
    const cookies = signedTokens({ secrets: [SECRET], kind: "id", name: "session", context: "" }, webCrypto);
    expect(await cookies.open(token)).toBe("unknown-key");
  });
});

describe("jwks()", () => {
  it("shows the public key, and nothing of the private one", async () => {
    for (const [key, algorithm] of [
      [jwk, "EdDSA"],
      [ecJwk, "ES256"],
    ] as const) {
      const response = await make({ key, algorithm }).jwks();
      expect(response.headers.get("Content-Type")).toBe("application/jwk-set+json");
      expect(response.headers.get("Cache-Control")).toBe("public, max-age=300");
      const text = await response.text();
      expect(text).not.toContain(key.d);
      const { d: _, ...point } = key;
      expect(JSON.parse(text)).toEqual({
        keys: [{ ...point, alg: algorithm, use: "sig", kid: expect.stringMatching(/^[\w-]{43}$/) }],
      });
    }
  });

  it("gives a response of its own to everybody who asks", async () => {
    const handOn = make();
    expect(await (await handOn.jwks()).text()).toBe(await (await handOn.jwks()).text());
  });

  it("names the key as the options or the JWK do", async () => {
    const kidOf = async (options: Partial<SessionJwtOptions>) => (await keySet(make(options))).keys[0]?.kid;
    expect(await kidOf({ key: { ...jwk, kid: "mine" } })).toBe("mine");
    expect(await kidOf({ key: { ...jwk, kid: "mine" }, kid: "other" })).toBe("other");
    const token = await make({ kid: "other" }).jwt(ALICE, { audience: AUDIENCE });
    expect(decodeProtectedHeader(token).kid).toBe("other");
  });

  it("shows other keys, without what is private in them: tokens from before and after a change of keys are good", async () => {
    const next = { ...ecJwk, alg: "ES256", kid: "next" };
    const [now, then] = [make({ otherKeys: [next] }), make({ key: next, algorithm: "ES256", otherKeys: [jwk] })];
    expect(await (await now.jwks()).text()).not.toContain(ecJwk.d);
    expect((await keySet(now)).keys.map(({ kid }) => kid).sort()).toEqual((await keySet(then)).keys.map(({ kid }) => kid).sort());
    for (const made of [now, then]) {
      const token = await made.jwt(ALICE, { audience: AUDIENCE });
      for (const shown of [now, then]) await expect(verify(token, shown)).resolves.toBeDefined();
    }
  });
});

describe("sessionJwt() takes a private key as", () => {
  it.each(["EdDSA", "ES256"] as const)("PEM, a JWK, a CryptoKey and a pair, for %s: all give the same key", async (algorithm) => {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const pem = await exportPKCS8(pair.privateKey);
    const locked = await crypto.subtle.importKey(
      "pkcs8",
      Buffer.from(pem.replace(/-.+-|\s/g, ""), "base64"),
      pair.privateKey.algorithm,
      false,
      ["sign"],
    );
    const forms: SessionJwtOptions["key"][] = [
      pem,
      `\n${pem}`,
      await exportJWK(pair.privateKey),
      pair.privateKey,
      { privateKey: locked, publicKey: pair.publicKey },
    ];
    const sets = new Set<string>();
    for (const key of forms) {
      const handOn = make({ key, algorithm });
      sets.add(await (await handOn.jwks()).text());
      await expect(verify(await handOn.jwt(ALICE, { audience: AUDIENCE }), handOn)).resolves.toBeDefined();
    }
    expect(sets.size).toBe(1);
  });

  it.each([
    ["a secret", { key: { kty: "oct", k: "AAAA" } }],
    ["bytes", { key: new Uint8Array(32) }],
    ["an algorithm with a secret", { algorithm: "HS256" }],
    ["another algorithm", { algorithm: "RS256" }],
    ["a key of the other algorithm", { algorithm: "ES256" }],
    ["no key", { key: undefined }],
    ["text that is not PEM", { key: SECRET }],
    ["PEM in an older form", { key: "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----" }],
    ["a kid that is empty", { kid: "" }],
    ["an issuer that is no text", { issuer: new URL(ISSUER) }],
    ["a misspelt option", { keyId: "x" }],
    ["a clock that is none", { now: NOW }],
    ["other keys that are secrets", { otherKeys: [{ kty: "oct", k: "AAAA" }] }],
  ])("no: %s throws", (_, options) => {
    expect(() => make(options as unknown as SessionJwtOptions)).toThrow(OptionError);
  });

  it("no: a public key, keys on other curves, and a locked key without its public one throw", async () => {
    const { publicKey } = await generateKeyPair("EdDSA");
    const locked = await generateKeyPair("EdDSA");
    const p384 = await generateKeyPair("ES384", { extractable: true });
    const { d: _, ...half } = jwk;
    for (const key of [publicKey, half, locked.privateKey, { privateKey: publicKey, publicKey }]) {
      expect(() => make({ key: key as CryptoKey })).toThrow(OptionError);
    }
    expect(() => make({ key: p384.privateKey, algorithm: "ES256" })).toThrow(OptionError);
    expect(() => make({ key: { privateKey: p384.privateKey, publicKey: p384.publicKey }, algorithm: "ES256" })).toThrow(
      OptionError,
    );
  });

  it("no: a key that turns out to be none throws when it is used, and the message says nothing of it", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    const other = await exportJWK((await generateKeyPair("EdDSA", { extractable: true })).privateKey);
    const pairs = await Promise.all([generateKeyPair("EdDSA"), generateKeyPair("EdDSA")]);
    const mixed = { privateKey: pairs[0].privateKey, publicKey: pairs[1].publicKey };
    for (const key of [
      rsa,
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
      { ...jwk, x: other.x as string },
      mixed,
    ]) {
      const handOn = make({ key });
      for (const use of [() => handOn.jwks(), () => handOn.jwt(ALICE, { audience: AUDIENCE })]) {
        await expect(use()).rejects.toThrow("Cannot use option key: it is not a private key for EdDSA");
        await expect(use()).rejects.toThrow(OptionError);
      }
    }
  });

  it("no: two keys of one name throw", async () => {
    await expect(make({ otherKeys: [jwk] }).jwks()).rejects.toThrow(OptionError);
  });
});
