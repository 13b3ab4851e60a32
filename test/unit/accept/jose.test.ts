/** Tokens of other software: what is read through jose, what is refused, and which session a token is. */
import { createHash, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import {
  base64url,
  CompactEncrypt,
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  createLocalJWKSet,
  EmbeddedJWK,
  EncryptJWT,
  exportJWK,
  FlattenedSign,
  generateKeyPair,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type JoseTokensOptions, joseTokens } from "../../../src/accept/jose.ts";
import { OptionError } from "../../../src/ground/errors.ts";
import type { Claims } from "../../../src/token/claims.ts";
import { OLD_SECRET, SECRET } from "../../support/secrets.ts";

const KEY = Buffer.from(SECRET, "base64");
const OTHER_KEY = Buffer.from(OLD_SECRET, "base64");
const SID = "abcdefghijklmnopqrstuvwxyzABCDEF";
const SAID = { sid: SID, start: 1000, iat: 2000, exp: 3000, sub: "alice", data: { cart: ["apple"] } };
const CLAIMS: Claims = { sid: SID, start: 1000, iat: 2000, exp: 3000, sub: "alice", data: '{"cart":["apple"]}' };
const FAULT = /^(malformed|unknown-key|forged|claims)$/;
const SIGNED: JoseTokensOptions = { algorithms: ["HS256"], key: KEY };
const ENCRYPTED: JoseTokensOptions = { algorithms: ["dir", "A256KW"], encryption: ["A256GCM"], key: KEY };
const signedTokens = joseTokens(SIGNED);

function sign(said: object, header: object = {}, key: Parameters<SignJWT["sign"]>[0] = KEY): Promise<string> {
  return new SignJWT({ ...said }).setProtectedHeader({ alg: "HS256", ...header }).sign(key);
}

function encrypt(said: object, header: object = {}, key: Uint8Array = KEY): Promise<string> {
  return new EncryptJWT({ ...said }).setProtectedHeader({ alg: "dir", enc: "A256GCM", ...header }).encrypt(key);
}

/** A token over any bytes, well signed. */
function signText(text: string | Uint8Array): Promise<string> {
  return new CompactSign(typeof text === "string" ? new TextEncoder().encode(text) : text)
    .setProtectedHeader({ alg: "HS256" })
    .sign(KEY);
}

function withHeader(token: string, header: object | string): string {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  return [base64url.encode(text), ...token.split(".").slice(1)].join(".");
}

async function claimsOf(options: Partial<JoseTokensOptions>, said: object): Promise<Claims> {
  const opened = await joseTokens({ ...SIGNED, ...options }).open(await sign(said));
  if (typeof opened === "string") throw new Error(`Cannot open the token: ${opened}`);
  return opened.claims;
}

/** Which key: a hash of it, the same in every form that it may have. https://www.rfc-editor.org/rfc/rfc7638 */
const nameOf = async (key: CryptoKey | Uint8Array) => calculateJwkThumbprint(await exportJWK(key));

/** What is made of a signed token: its identity is who made it, and what the signature is over. */
const openedFrom = async (token: string, olderKey: string, key: CryptoKey | Uint8Array = KEY) => ({
  claims: CLAIMS,
  olderKey,
  identity: JSON.stringify([await nameOf(key), null, token.slice(0, token.lastIndexOf("."))]),
});

describe("joseTokens() reads", () => {
  it("a signed token, and says that it is not made with the key that writes", async () => {
    for (const [header, olderKey] of [
      [{}, "HS256"],
      [{ kid: "k1" }, "k1"],
    ] as const) {
      const token = await sign(SAID, header);
      expect(await signedTokens.open(token)).toEqual(await openedFrom(token, olderKey));
    }
  });

  it.each(["dir", "A256KW"])("an encrypted token, %s", async (alg) => {
    const token = await encrypt(SAID, { alg });
    // Encrypted twice, it is the same token: its identity is what it says, not the bytes that hide it.
    const identity = JSON.stringify([await nameOf(KEY), null, `${token.slice(0, token.indexOf("."))}.${JSON.stringify(SAID)}`]);
    for (const one of [token, await encrypt(SAID, { alg })]) {
      expect(await joseTokens(ENCRYPTED).open(one)).toEqual({ claims: CLAIMS, olderKey: alg, identity });
    }
  });

  it.each(["A256KW", "A256GCMKW", "dir"])("tokens with every content encryption that is pinned, by %s", async (alg) => {
    for (const [enc, length] of [
      ["A128GCM", 16],
      ["A192GCM", 24],
      ["A256GCM", 32],
      ["A128CBC-HS256", 32],
      ["A256CBC-HS512", 64],
    ] as const) {
      const key = alg === "dir" ? new Uint8Array(length).map((_, index) => index) : KEY;
      const { open } = joseTokens({ algorithms: [alg], encryption: [enc], key });
      expect(await open(await encrypt(SAID, { alg, enc }, key))).toHaveProperty("claims", CLAIMS);
    }
  });

  it.each(["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"])("tokens signed with %s", async (alg) => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const token = await sign(SAID, { alg }, privateKey);
    for (const key of [publicKey, await exportJWK(publicKey)]) {
      expect(await joseTokens({ algorithms: [alg], key }).open(token)).toEqual(await openedFrom(token, alg, publicKey));
    }
  });

  it("a secret as a JWK and as a CryptoKey", async () => {
    const jwk: JWK = { kty: "oct", k: KEY.toString("base64url") };
    const imported = await crypto.subtle.importKey("raw", KEY, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    for (const key of [jwk, imported]) {
      expect(await joseTokens({ ...SIGNED, key }).open(await sign(SAID))).toHaveProperty("claims", CLAIMS);
    }
    expect(Object.isFrozen(jwk)).toBe(false);
  });

  it("with the key as it was given, whatever becomes of the bytes", async () => {
    const key = Uint8Array.from(KEY);
    const { open } = joseTokens({ ...SIGNED, key });
    key.fill(0);
    expect(await open(await sign(SAID))).toHaveProperty("claims", CLAIMS);
  });

  it("with the key that the application finds by kid", async () => {
    const asked: unknown[] = [];
    const getKey: JoseTokensOptions["getKey"] = (hint) => {
      asked.push(hint);
      return { old: KEY }[hint.kid ?? ""] ?? null;
    };
    const { open } = joseTokens({ algorithms: ["HS256"], getKey });
    const token = await sign(SAID, { kid: "old" });
    expect(await open(token)).toEqual(await openedFrom(token, "old"));
    expect(await open(await sign(SAID, { kid: "new" }))).toBe("unknown-key");
    expect(await open(await sign(SAID))).toBe("unknown-key");
    expect(asked).toEqual([{ alg: "HS256", kid: "old" }, { alg: "HS256", kid: "new" }, { alg: "HS256" }]);
  });

  it("with the key that the application finds by how an encrypted token is made, and by nothing that a signed one adds", async () => {
    const asked: unknown[] = [];
    const getKey: JoseTokensOptions["getKey"] = (hint) => {
      asked.push(hint);
      return KEY;
    };
    const encrypted = joseTokens({ algorithms: ["dir", "A256KW"], encryption: ["A256GCM", "A128CBC-HS256"], getKey });
    for (const header of [{ kid: "k1" }, { alg: "A256KW" }, { enc: "A128CBC-HS256" }])
      expect(await encrypted.open(await encrypt(SAID, header))).toMatchObject({ claims: CLAIMS });
    const signed = joseTokens({ algorithms: ["HS256"], getKey });
    const odd = { enc: "A256GCM", cty: "x", x5u: "https://evil.example", use: "enc" };
    expect(await signed.open(await sign(SAID, { ...odd, kid: "k2" }))).toMatchObject({ claims: CLAIMS });
    expect(asked).toEqual([
      { alg: "dir", enc: "A256GCM", kid: "k1" },
      { alg: "A256KW", enc: "A256GCM" },
      { alg: "dir", enc: "A128CBC-HS256" },
      { alg: "HS256", kid: "k2" },
    ]);
  });

  it("with a key set, and not with what an unknown kid says", async () => {
    const pairs = await Promise.all([generateKeyPair("EdDSA"), generateKeyPair("EdDSA"), generateKeyPair("EdDSA")]);
    const [first, second, third] = pairs;
    const keys = [
      { ...(await exportJWK(first.publicKey)), kid: "a" },
      { ...(await exportJWK(second.publicKey)), kid: "b" },
    ];
    const { open } = joseTokens({ algorithms: ["EdDSA"], getKey: createLocalJWKSet({ keys }) });
    expect(await open(await sign(SAID, { alg: "EdDSA", kid: "b" }, second.privateKey))).toHaveProperty("claims", CLAIMS);
    expect(await open(await sign(SAID, { alg: "EdDSA", kid: "a" }, second.privateKey))).toBe("forged");
    expect(await open(await sign(SAID, { alg: "EdDSA", kid: "c" }, third.privateKey))).toBe("unknown-key");
    expect(await open(await sign(SAID, { alg: "EdDSA" }, second.privateKey))).toBe("unknown-key");
  });

  it("the cookie that it is told, or else the session's", () => {
    const header = "sid=a; session=b; sid=c; xsid=d";
    expect(joseTokens({ ...SIGNED, cookie: "sid" }).find(header, "session").values).toEqual(["a", "c"]);
    expect(signedTokens.find(header, "session").values).toEqual(["b"]);
    expect(joseTokens({ ...SIGNED, cookie: "sid" }).find(null, "session").values).toEqual([]);
  });

  it("a cookie of other software, and says how to remove that", () => {
    const clearing = (cookie: NonNullable<JoseTokensOptions["cookie"]>) => joseTokens({ ...SIGNED, cookie }).clear();
    const end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    expect(clearing("sid")).toEqual([`sid=; ${end}; Path=/; HttpOnly; SameSite=Lax`]);
    expect(clearing("__Host-sid")).toEqual([`__Host-sid=; ${end}; Path=/; HttpOnly; Secure; SameSite=Lax`]);
    expect(clearing({ name: "sid", path: "/app", domain: "example.com" })).toEqual([
      `sid=; ${end}; Path=/app; Domain=example.com; HttpOnly; SameSite=Lax`,
      `sid=; ${end}; Path=/app; HttpOnly; SameSite=Lax`,
    ]);
    expect(signedTokens.clear()).toEqual([]);
  });

  it("only: it makes none", () => {
    expect(() => signedTokens.seal(CLAIMS)).toThrow(OptionError);
  });
});

describe("joseTokens() refuses, without throwing,", () => {
  let pair: { privateKey: CryptoKey; publicKey: CryptoKey };
  let publicPem: string;
  beforeAll(async () => {
    pair = await generateKeyPair("RS256", { extractable: true });
    publicPem = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }) as string;
  });

  it("a token that nobody signed", async () => {
    const unsigned = new UnsecuredJWT({ ...SAID }).encode();
    expect(unsigned.endsWith(".")).toBe(true);
    expect(await signedTokens.open(unsigned)).toBe("unknown-key");
    for (const alg of ["none", "None", "NONE", "", "HS257", undefined, null, 1, ["HS256"]]) {
      expect(await signedTokens.open(withHeader(unsigned, { alg }))).toBe("unknown-key");
      expect(await signedTokens.open(withHeader(await sign(SAID), { alg }))).toBe("unknown-key");
    }
    expect(await signedTokens.open(withHeader(unsigned, { alg: "HS256" }))).toBe("forged");
  });

  it("a token made with an algorithm that is not pinned, also with the right key", async () => {
    const long = Buffer.concat([KEY, KEY]);
    const { open } = joseTokens({ algorithms: ["HS256"], key: long });
    for (const alg of ["HS384", "HS512"]) expect(await open(await sign(SAID, { alg }, long))).toBe("unknown-key");
    expect(await joseTokens({ ...ENCRYPTED, algorithms: ["dir"] }).open(await encrypt(SAID, { alg: "A256KW" }))).toBe(
      "unknown-key",
    );
    const { open: gcm } = joseTokens({ ...ENCRYPTED, encryption: ["A128GCM"] });
    expect(await gcm(await encrypt(SAID, { alg: "A256KW" }))).toBe("unknown-key");
  });

  it("a token that takes the public key for a secret", async () => {
    const { open } = joseTokens({ algorithms: ["RS256"], key: pair.publicKey });
    const { n } = await exportJWK(pair.publicKey);
    for (const secret of [publicPem, n as string, JSON.stringify(await exportJWK(pair.publicKey))]) {
      const forged = await sign(SAID, { alg: "HS256" }, new TextEncoder().encode(secret));
      expect(await open(forged)).toBe("unknown-key");
      expect(await open(withHeader(forged, { alg: "RS256" }))).toBe("forged");
    }
  });

  it("a token that brings its own key along", async () => {
    const jwk = await exportJWK(pair.publicKey);
    const own = await sign(SAID, { alg: "RS256", jwk, jku: "https://evil.example/keys", kid: "x" }, pair.privateKey);
    const { publicKey } = await generateKeyPair("RS256");
    expect(await joseTokens({ algorithms: ["RS256"], key: publicKey }).open(own)).toBe("forged");
    const hints: object[] = [];
    const getKey: JoseTokensOptions["getKey"] = (hint) => {
      hints.push(hint);
      return null;
    };
    expect(await joseTokens({ algorithms: ["RS256"], getKey }).open(own)).toBe("unknown-key");
    expect(hints).toEqual([{ alg: "RS256", kid: "x" }]);
    // jose's way to trust the key in the header finds none there.
    await expect(joseTokens({ algorithms: ["RS256"], getKey: EmbeddedJWK }).open(own)).rejects.toThrow(OptionError);
  });

  it("a token of another key, and one that was changed", async () => {
    expect(await signedTokens.open(await sign(SAID, {}, OTHER_KEY))).toBe("forged");
    expect(await joseTokens(ENCRYPTED).open(await encrypt(SAID, {}, OTHER_KEY))).toBe("forged");
    const [header, payload, signature] = (await sign(SAID)).split(".") as [string, string, string];
    const admin = base64url.encode(JSON.stringify({ ...SAID, sub: "admin" }));
    expect(await signedTokens.open(`${header}.${admin}.${signature}`)).toBe("forged");
    expect(await signedTokens.open(`${header}.${payload}.`)).toBe("forged");
    expect(await signedTokens.open(withHeader(await sign(SAID), { alg: "HS256", kid: "x" }))).toBe("forged");
  });

  it("an encrypted token for a signed one, and the other way round", async () => {
    expect(await signedTokens.open(await encrypt(SAID))).toBe("malformed");
    expect(await joseTokens(ENCRYPTED).open(await sign(SAID))).toBe("malformed");
  });

  it("a token with an extension that must be understood", async () => {
    const unencoded = new FlattenedSign(new TextEncoder().encode("abcd"));
    const made = await unencoded.setProtectedHeader({ alg: "HS256", b64: false, crit: ["b64"] }).sign(KEY);
    const token = `${made.protected}.abcd.${made.signature}`;
    await expect(compactVerify(token, KEY)).resolves.toBeDefined();
    expect(await signedTokens.open(token)).toBe("malformed");
    expect(await signedTokens.open(withHeader(await sign(SAID), { alg: "HS256", crit: ["exp"], exp: 9 }))).toBe("malformed");
  });

  it("a token whose content is compressed, however small or large it is", async () => {
    const text = (length: number) => `{"sid":"${SID}","start":1,"exp":2,"data":{"a":"${"a".repeat(length)}"}}`;
    for (const length of [1, 1000, 900_000]) {
      const zipped = new CompactEncrypt(new TextEncoder().encode(text(length)));
      const token = await zipped.setProtectedHeader({ alg: "dir", enc: "A256GCM", zip: "DEF" }).encrypt(KEY);
      expect(token.length).toBeLessThan(4096);
      expect(await joseTokens(ENCRYPTED).open(token)).toBe("malformed");
    }
    expect(await signedTokens.open(await sign(SAID, { zip: "DEF" }))).toBe("malformed");
  });

  it("a second spelling of the same token", async () => {
    const token = await sign(SAID);
    for (const varied of [`${token}=`, `${token} `, `${token}\n`, token.replace(".", ".=")]) {
      expect(await signedTokens.open(varied)).toBe("malformed");
    }
    const last = token.at(-1) as string;
    const next = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    expect(await signedTokens.open(token.slice(0, -1) + next[next.indexOf(last) ^ 1])).toBe("malformed");
  });

  it("a token of another type, where the type is pinned", async () => {
    const { open } = joseTokens({ ...SIGNED, typ: "session+jwt" });
    for (const typ of ["session+jwt", "application/session+jwt", "Session+JWT"]) {
      expect(await open(await sign(SAID, { typ }))).toHaveProperty("claims");
    }
    for (const typ of ["JWT", "at+jwt", "", undefined]) {
      expect(await open(await sign(SAID, typ === undefined ? {} : { typ }))).toBe("unknown-key");
    }
    expect(await open(withHeader(await sign(SAID), { alg: "HS256", typ: 1 }))).toBe("unknown-key");
  });

  it.each([
    ["no JSON", "sid"],
    ["a list", "[]"],
    ["null", "null"],
    ["nothing", ""],
    ["bytes that are not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d)],
    ["no start", JSON.stringify({ ...SAID, start: undefined })],
    ["a start that is a text", JSON.stringify({ ...SAID, start: "1000" })],
    ["no exp", JSON.stringify({ ...SAID, exp: undefined })],
    ["an exp that is a text", JSON.stringify({ ...SAID, exp: "3000" })],
    ["an exp that is null", JSON.stringify({ ...SAID, exp: null })],
    ["an exp that is infinite", JSON.stringify(SAID).replace("3000", "1e999")],
    ["a negative start", JSON.stringify({ ...SAID, start: -1 })],
    ["an nbf that is a text", JSON.stringify({ ...SAID, nbf: "1000" })],
    ["a subject that is a number", JSON.stringify({ ...SAID, sub: 7 })],
    ["data that is a list", JSON.stringify({ ...SAID, data: [] })],
    ["data that is a text", JSON.stringify({ ...SAID, data: "{}" })],
    ["data that is null", JSON.stringify({ ...SAID, data: null })],
    [
      "data that is too deep",
      JSON.stringify({ ...SAID, data: 0 }).replace('"data":0', `"data":${'{"a":'.repeat(150)}1${"}".repeat(150)}`),
    ],
  ])("a well signed token with %s", async (_, text) => {
    expect(await signedTokens.open(await signText(text))).toBe("claims");
  });

  it("every text that nobody signed", async () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    const header = fc.record(
      {
        alg: fc.constantFrom("HS256", "none", "dir"),
        enc: fc.constantFrom("A256GCM", "x"),
        kid: fc.jsonValue(),
        zip: fc.constant("DEF"),
      },
      { requiredKeys: ["alg"] },
    );
    const part = fc.oneof(
      fc.uint8Array().map((bytes) => base64url.encode(bytes)),
      units,
    );
    const shaped = fc.tuple(header, fc.array(part, { minLength: 2, maxLength: 4 }));
    const text = fc.oneof(
      units,
      shaped.map(([some, rest]) => [base64url.encode(JSON.stringify(some)), ...rest].join(".")),
    );
    const encrypted = joseTokens(ENCRYPTED);
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await signedTokens.open(token)).toMatch(FAULT);
        expect(await encrypted.open(token)).toMatch(FAULT);
      }),
      { numRuns: 500 },
    );
  });

  it("a header that is JSON and no object", async () => {
    for (const header of ["5", "null", "true", '"text"', "[]", '[{"alg":"HS256"}]']) {
      expect([header, await signedTokens.open(withHeader(await sign(SAID), header))]).toEqual([header, "malformed"]);
      expect([header, await joseTokens(ENCRYPTED).open(withHeader(await encrypt(SAID), header))]).toEqual([header, "malformed"]);
    }
  });

  it.each<[string, unknown]>([
    ["a JWK without k", { kty: "oct" }],
    ["a JWK whose k is no text", { kty: "oct", k: 43 }],
    ["a JWK whose k is empty", { kty: "oct", k: "" }],
    ["no bytes", new Uint8Array()],
    ["a JWK without kty", { k: KEY.toString("base64url") }],
    ["a JWK of a pair", { kty: "EC", crv: "P-256" }],
    ["an object", {}],
    ["a text", SECRET],
    ["a number", 5],
    ["true", true],
  ])("a secret key that is none: %s", async (_what, key) => {
    const codec = (more: Partial<JoseTokensOptions>) => joseTokens({ ...ENCRYPTED, key: undefined, ...more } as never);
    for (const algorithms of [["HS256"], ["HS512"]])
      expect(() => joseTokens({ algorithms, key: key as never })).toThrow("Cannot use option key: it must be a secret");
    expect(() => codec({ key: key as never })).toThrow("Cannot use option key: it must be a secret");
    expect(await joseTokens({ algorithms: ["HS256"], getKey: () => key as never }).open(await sign(SAID))).toBe("unknown-key");
    expect(await codec({ getKey: () => key as never }).open(await encrypt(SAID))).toBe("unknown-key");
  });

  it("a key that the application finds, where it is of the wrong kind or too weak", async () => {
    const tries: [string, JoseTokensOptions["getKey"]][] = [
      ["HS256", () => pair.publicKey],
      ["HS256", () => new Uint8Array(8)],
      ["RS256", () => KEY],
      ["RS256", () => pair.privateKey],
      ["ES256", () => pair.publicKey],
    ];
    for (const [alg, getKey] of tries) {
      const { open } = joseTokens({ algorithms: [alg], getKey: getKey as NonNullable<typeof getKey> });
      expect(await open(withHeader(await sign(SAID), { alg }))).toBe("unknown-key");
    }
  });
});

describe("joseTokens() makes of what a token says", () => {
  const from = (claims: NonNullable<JoseTokensOptions["claims"]>) => ({ claims });

  it("what the mapping answers", async () => {
    const claims = from(({ iat, exp, sid, uid, ...data }) => ({ sid, start: iat, exp, sub: String(uid), data }));
    expect(await claimsOf(claims, { sid: SID, iat: 500, exp: 900, uid: 7, theme: "dark" })).toEqual({
      sid: SID,
      start: 500,
      iat: 500,
      exp: 900,
      sub: "7",
      data: '{"theme":"dark"}',
    });
  });

  it("the header's word too, once it is proved", async () => {
    const headers: unknown[] = [];
    const claims: JoseTokensOptions["claims"] = (payload, header) => {
      headers.push(header);
      return { start: payload.iat, exp: payload.exp };
    };
    const { open } = joseTokens({ ...SIGNED, claims });
    await open(await sign(SAID, { kid: "k", typ: "JWT" }));
    await open(await sign(SAID, {}, OTHER_KEY));
    expect(headers).toEqual([{ alg: "HS256", kid: "k", typ: "JWT" }]);
  });

  it("nothing, where the mapping says null, throws, answers later, or says what claims are not", async () => {
    const answers: unknown[] = [
      () => null,
      () => undefined,
      () => {
        throw new Error("no user");
      },
      async () => SAID,
      () => ({ ...SAID, data: { at: new Date(0) } }),
      () => ({ ...SAID, data: { big: 1n } }),
      () => ({ ...SAID, sub: 7 }),
      () => ({ ...SAID, iat: "now" }),
      () => ({ ...SAID, start: Number.NaN }),
    ];
    for (const claims of answers as NonNullable<JoseTokensOptions["claims"]>[]) {
      expect(await joseTokens({ ...SIGNED, claims }).open(await sign(SAID))).toBe("claims");
    }
  });

  it("no longer a life than the token has", async () => {
    const claims = from(({ iat }) => ({ start: iat, exp: 9000 }));
    expect(await claimsOf(claims, { iat: 500, exp: 900 })).toMatchObject({ exp: 900 });
    expect(await claimsOf(claims, { iat: 500 })).toMatchObject({ exp: 9000 });
  });

  it("an iat in the future for a token that is not valid yet", async () => {
    expect(await claimsOf({}, { ...SAID, nbf: 2500 })).toMatchObject({ iat: 2500 });
    expect(await claimsOf({}, { ...SAID, nbf: 1500 })).toMatchObject({ iat: 2000 });
  });

  it("whole seconds", async () => {
    expect(await claimsOf({}, { ...SAID, start: 1000.9, iat: 2000.5, exp: 3000.1 })).toEqual(CLAIMS);
  });

  it("data with every key that JSON can have", async () => {
    const text = '{"__proto__":{"a":1},"constructor":null,"😀":"\\u0000"}';
    const token = await signText(`{"sid":"${SID}","start":1,"exp":2,"data":${text}}`);
    expect(await signedTokens.open(token)).toHaveProperty("claims.data", text);
    const rest = joseTokens({
      ...SIGNED,
      claims: ({ start, exp, sid, ...data }) => ({ sid, start: start as number, exp, data }),
    });
    const flat = await signText(`{"sid":"${SID}","start":1,"exp":2,${text.slice(1)}`);
    expect(await rest.open(flat)).toHaveProperty("claims.data", text);
  });

  it("never a place in the store", async () => {
    expect((await claimsOf({}, { ...SAID, route: "ualice" })).route).toBeUndefined();
  });
});

describe("joseTokens() gives a session the id", () => {
  const claims: JoseTokensOptions["claims"] = ({ sid, iat, exp }) => ({ sid, start: iat, exp });
  const idOf = async (said: object) => (await claimsOf({ claims }, { iat: 1, exp: 2, ...said })).sid;

  it("that the token says, where it has the form of one", async () => {
    expect(await idOf({ sid: SID })).toBe(SID);
    expect(await idOf({ sid: "0b2c6c4e-6d0f-4a6e-9d1d-2f3a4b5c6d7e" })).toBe("0b2c6c4e-6d0f-4a6e-9d1d-2f3a4b5c6d7e");
    expect(await idOf({ jti: SID })).toBe(SID);
  });

  it("that is a hash of what it says, the documented one, and the same for every token of the session", async () => {
    const hash = (text: string) => createHash("sha256").update(text).digest().subarray(0, 24).toString("base64url");
    const expected = hash('web-session-store\0foreign id\0["sid",null,"a+/=="]');
    expect(await idOf({ sid: "a+/==" })).toBe(expected);
    expect(await idOf({ sid: "a+/==", iat: 5, exp: 9, jti: "x", data: {} })).toBe(expected);
    expect(await idOf({ sid: "a+/==", iss: "https://a.example" })).not.toBe(expected);
    expect(await idOf({ jti: "a+/==" })).toBe(hash('web-session-store\0foreign id\0["jti",null,"a+/=="]'));
    expect(await idOf({ sid: 7 })).not.toBe(await idOf({ sid: "7" }));
    expect(await idOf({ sid: "\ud800" })).not.toBe(await idOf({ sid: "\ud801" }));
  });

  it("of what the token says where it names no session, so that two of them are two sessions, however they are hidden", async () => {
    for (const none of [{}, { sid: "" }, { sid: null }, { sid: {} }, { sid: 1.5 }, { sid: true }]) {
      expect(await idOf({ ...none, data: 1 })).toMatch(/^[\w-]{32}$/);
      expect(await idOf({ ...none, data: 1 })).toBe(await idOf({ ...none, data: 1 }));
      expect(await idOf({ ...none, data: 1 })).not.toBe(await idOf({ ...none, data: 2 }));
    }
    const { open } = joseTokens({ ...ENCRYPTED, claims });
    const same = [await encrypt({ iat: 1, exp: 2 }), await encrypt({ iat: 1, exp: 2 })];
    expect(same[0]).not.toBe(same[1]);
    const tokens = [...same, await encrypt({ iat: 1, exp: 3 })];
    const ids = (await Promise.all(tokens.map(open))).map((opened) => (opened as { claims: Claims }).claims.sid);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });

  it("of what was signed, however the signature is spelt", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const { open } = joseTokens({ algorithms: ["ES256"], key: publicKey, claims });
    const token = await sign({ iat: 1, exp: 2 }, { alg: "ES256" }, privateKey);
    const [signed, signature] = [
      token.slice(0, token.lastIndexOf(".")),
      base64url.decode(token.slice(token.lastIndexOf(".") + 1)),
    ];
    // (r, n - s) is as good a signature as (r, s).
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = order - BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
    const other = Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
    const [one, two] = await Promise.all([open(token), open(`${signed}.${base64url.encode(other)}`)]);
    expect(one).toHaveProperty("claims.sid");
    expect(two).toEqual(one);
  });
});

describe("joseTokens() gives a token the identity", () => {
  const identityOf = async (said: object, options: Partial<JoseTokensOptions> = {}) => {
    const opened = await joseTokens({ ...SIGNED, ...options }).open(await sign({ start: 1, iat: 1, exp: 2, ...said }));
    return (opened as { identity: string | null }).identity;
  };

  it("of what is signed and who signed it, where it names a user or a session", async () => {
    const named = [
      { sub: "alice" },
      { sid: SID },
      { sid: 7 },
      { jti: "a" },
      { sub: "alice", iss: "https://a.example" },
      { sub: "alice", iss: "https://b.example" },
    ];
    const identities = await Promise.all(named.map((said) => identityOf(said)));
    expect(new Set(identities).size).toBe(named.length);
    for (const identity of identities) {
      expect(identity).toMatch(/^\["[\w-]{43}",(null|"https:[^"]+"),"[\w-]+\.[\w-]+"\]$/);
    }
    expect(await identityOf({ sub: "alice" })).toBe(identities[0]);
  });

  it("the same by any codec with the key, whatever its cookie and the form of the key; and another by another key", async () => {
    const said = { sub: "alice" };
    const ours = await identityOf(said);
    const jwk: JWK = { kty: "oct", k: KEY.toString("base64url") };
    for (const options of [{ cookie: "sid" }, { algorithms: ["HS256", "HS512"] }, { key: jwk }]) {
      expect(await identityOf(said, options)).toBe(ours);
    }
    const token = await sign({ start: 1, iat: 1, exp: 2, ...said }, {}, OTHER_KEY);
    const opened = await joseTokens({ ...SIGNED, key: OTHER_KEY }).open(token);
    expect((opened as { identity: string }).identity).not.toBe(ours);
    expect((opened as { identity: string }).identity.split(",").slice(1)).toEqual(ours?.split(",").slice(1));
  });

  it("of a user or session that only the application's claims() names", async () => {
    const claims: JoseTokensOptions["claims"] = ({ iat, exp, account }) => ({ start: iat, exp, sub: account as string });
    expect(await identityOf({ account: "alice" }, { claims })).toEqual(expect.any(String));
    expect(await identityOf({}, { claims })).toBe(null);
  });

  it("none, where two visitors may have the same", async () => {
    for (const none of [
      {},
      { data: { a: 1 } },
      { sid: "" },
      { sid: null },
      { sid: {} },
      { sid: 1.5 },
      { iss: "https://a.example" },
    ]) {
      expect(await identityOf(none)).toBe(null);
    }
  });
});

describe("joseTokens() throws at creation", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicJwk = rsa.publicKey.export({ format: "jwk" }) as JWK;
  const privateJwk = rsa.privateKey.export({ format: "jwk" }) as JWK;

  it.each([
    ["none", { algorithms: ["none"], key: KEY }],
    ["none in any spelling", { algorithms: ["HS256", "NoNe"], key: KEY }],
    ["no algorithm", { algorithms: [], key: KEY }],
    ["algorithms that are a text", { algorithms: "HS256", key: KEY }],
    ["algorithms left out", { key: KEY }],
    ["an algorithm there is none of", { algorithms: ["HS257"], key: KEY }],
    ["a secret and a public key in one list", { algorithms: ["HS256", "RS256"], key: KEY }],
    ["encryption without saying what with", { algorithms: ["dir"], key: KEY }],
    ["signing, where tokens are encrypted", { algorithms: ["HS256"], encryption: ["A256GCM"], key: KEY }],
    ["encryption with nothing", { algorithms: ["dir"], encryption: [], key: KEY }],
    ["a content encryption there is none of", { algorithms: ["dir"], encryption: ["A256CBC"], key: KEY }],
    ["encryption by a public key", { algorithms: ["RSA-OAEP-256"], encryption: ["A256GCM"], key: privateJwk }],
    ["encryption by key agreement", { algorithms: ["ECDH-ES"], encryption: ["A256GCM"], key: privateJwk }],
    ["encryption by a password", { algorithms: ["PBES2-HS256+A128KW"], encryption: ["A256GCM"], key: KEY }],
    ["no key", { algorithms: ["HS256"] }],
    ["two keys", { algorithms: ["HS256"], key: KEY, getKey: () => KEY }],
    ["a short secret", { algorithms: ["HS256"], key: KEY.subarray(1) }],
    ["a short secret in a JWK", { algorithms: ["HS256"], key: { kty: "oct", k: KEY.subarray(1).toString("base64url") } }],
    ["a text for a key", { algorithms: ["HS256"], key: SECRET }],
    ["a public key for HS256", { algorithms: ["HS256"], key: publicJwk }],
    ["a secret for RS256", { algorithms: ["RS256"], key: KEY }],
    ["a private key for RS256", { algorithms: ["RS256"], key: privateJwk }],
    ["a mapping that is none", { ...SIGNED, claims: {} }],
    ["a getKey that is none", { algorithms: ["HS256"], getKey: KEY }],
    ["a cookie's name that is none", { ...SIGNED, cookie: "a=b" }],
    ["a cookie's path that is none", { ...SIGNED, cookie: { name: "a", path: "b" } }],
    ["an empty type", { ...SIGNED, typ: "" }],
    ["a misspelt option", { ...SIGNED, algorithm: "HS256" }],
  ])("for %s", (_, options) => {
    expect(() => joseTokens(options as unknown as JoseTokensOptions)).toThrow(OptionError);
  });

  it("and says no key in the message", () => {
    const short = "short-secret";
    const make = () => joseTokens({ algorithms: ["HS256"], key: new TextEncoder().encode(short) });
    expect(make).toThrow("Cannot use option key: it is shorter than 32 bytes");
  });
});

describe("joseTokens() when a key cannot be found", () => {
  it("throws, and says nothing of what the provider said", async () => {
    const getKey = () => Promise.reject(new Error(`no answer for ${SECRET}`));
    const error = await Promise.resolve(joseTokens({ algorithms: ["HS256"], getKey }).open(await sign(SAID))).catch(
      (some) => some,
    );
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toBe("Cannot get the key of a token: its provider failed");
    expect(error.cause).toBeUndefined();
  });

  it("asks for none before the token has the form", async () => {
    const getKey = () => Promise.reject(new Error("asked"));
    const { open } = joseTokens({ algorithms: ["HS256"], getKey });
    for (const token of ["", "a.b.c", withHeader(await sign(SAID), { alg: "none" })]) expect(await open(token)).toMatch(FAULT);
  });
});
