/** Signed tokens: what is read, what is refused, and that other JOSE software reads and makes the same. */
import { createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { CompactSign, compactVerify, SignJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { Claims } from "../../../src/token/claims.ts";
import { type SignedOptions, signedTokens } from "../../../src/token/signed.ts";
import { type Primitives, webCrypto } from "../../../src/token/web-crypto.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../../support/secrets.ts";

const CLAIMS: Claims = { sid: "abcdefghijklmnopqrstuvwxyzABCDEF", start: 1000, iat: 2000, exp: 3000 };
const OPTIONS: SignedOptions = { secrets: [SECRET], kind: "id", name: "session", context: "shop/test" };
const codec = signedTokens(OPTIONS, webCrypto);
const FAULT = /^(malformed|unknown-key|forged|claims)$/;

function derived(kind: string, length: number): Buffer {
  const info = ["web-session-store", "1", kind, "session", "shop/test"].join("\0");
  return Buffer.from(hkdfSync("sha256", SECRET, "", info, length));
}

const KEY = derived("id", 32);
const KID = derived("id.kid", 8).toString("base64url");
const HEADER = { alg: "HS256", kid: KID, typ: "session+jwt" };

function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString("base64url");
}

/** A token with a good signature by our own key, over any two texts. */
function signed(header: string, payload: string): string {
  return `${header}.${payload}.${createHmac("sha256", KEY).update(`${header}.${payload}`).digest("base64url")}`;
}

function spied(options: Partial<SignedOptions> = {}) {
  const verify = vi.fn(webCrypto.verify);
  return { ...signedTokens({ ...OPTIONS, ...options }, { ...webCrypto, verify }), verify };
}

/** The text with one character put in place of another. */
function withCharacter(text: string, at: number, character: string): string {
  return text.slice(0, at) + character + text.slice(at + 1);
}

describe("signedTokens()", () => {
  it("opens what it seals", async () => {
    expect(await codec.open(await codec.seal(CLAIMS))).toEqual({ claims: CLAIMS });
  });

  it("opens what it seals, whatever the claims are", async () => {
    const data = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()).map((value) => JSON.stringify(value));
    const claims = fc.record(
      { sid: fc.stringMatching(/^[\w-]{15,64}$/), start: fc.maxSafeNat(), sub: fc.string({ unit: "binary" }), data },
      { requiredKeys: ["sid", "start"] },
    );
    await fc.assert(
      fc.asyncProperty(claims, async (some) => {
        const token = await codec.seal({ ...CLAIMS, ...some });
        const normal = some.data === undefined ? {} : { data: JSON.stringify(JSON.parse(some.data)) };
        expect(await codec.open(token)).toEqual({ claims: { ...CLAIMS, ...some, ...normal } });
      }),
    );
  });

  it("keeps __proto__ keys, emoji and control characters of data", async () => {
    const data = '{"__proto__":{"a":1},"constructor":null,"😀":"👩‍👩‍👧 \\u0000\\u001f\\n\u2028\u007f","\\ud800":"\\udfff"}';
    const token = await codec.seal({ ...CLAIMS, sub: "zoë\u0000😀", data });
    expect(await codec.open(token)).toEqual({ claims: { ...CLAIMS, sub: "zoë\u0000😀", data } });
  });

  it("makes three parts of characters that a cookie value may have", async () => {
    const token = await codec.seal({ ...CLAIMS, data: '{"a":";, \\"\\\\"}' });
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]{43}$/);
  });

  it("makes the documented header and payload", async () => {
    const [header = "", payload = ""] = (await codec.seal(CLAIMS)).split(".");
    expect(Buffer.from(header, "base64url").toString()).toBe(JSON.stringify(HEADER));
    expect(Buffer.from(payload, "base64url").toString()).toBe(JSON.stringify(CLAIMS));
  });

  it("makes the same token for the same claims", async () => {
    expect(await codec.seal(CLAIMS)).toBe(await codec.seal({ ...CLAIMS }));
  });

  it("makes tokens that jose verifies with the derived key", async () => {
    const { payload, protectedHeader } = await compactVerify(await codec.seal(CLAIMS), KEY, { algorithms: ["HS256"] });
    expect(protectedHeader).toEqual(HEADER);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(CLAIMS);
  });

  it("opens tokens that jose signs with the derived key and exactly our header", async () => {
    const token = await new SignJWT({ ...CLAIMS }).setProtectedHeader(HEADER).sign(KEY);
    expect(await codec.open(token)).toEqual({ claims: CLAIMS });
  });

  it("needs one operation to open a token", async () => {
    const { open, verify } = spied();
    await open(await codec.seal(CLAIMS));
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it("answers without a promise where the primitives do, once the keys are there", async () => {
    const hmac = (text: string) => createHmac("sha256", KEY).update(text).digest();
    const sign = (_: unknown, text: string) => hmac(text).toString("base64url");
    const verify = (_: unknown, text: string, mac: Uint8Array) => hmac(text).equals(mac);
    const { open, seal } = signedTokens(OPTIONS, { ...webCrypto, sign, verify });
    const token = await seal(CLAIMS);
    expect(token).toBe(await codec.seal(CLAIMS));
    expect(seal(CLAIMS)).toBe(token);
    expect(open(token)).toEqual({ claims: CLAIMS });
    expect(open(token.replace(/.{43}$/, "A".repeat(43)))).toBe("forged");
  });

  it("derives its keys once for many tokens, and not before the first", async () => {
    const derive = vi.fn(webCrypto.derive);
    const { open, seal } = signedTokens(OPTIONS, { ...webCrypto, derive });
    expect(derive).not.toHaveBeenCalled();
    for (let round = 0; round < 3; round++) await open(await seal(CLAIMS));
    expect(derive).toHaveBeenCalledTimes(2);
  });
});

describe("signedTokens() refuses a token whose header is not byte for byte ours:", () => {
  const text = JSON.stringify(HEADER);
  it.each([
    ["alg none", JSON.stringify({ ...HEADER, alg: "none" })],
    ["alg None", JSON.stringify({ ...HEADER, alg: "None" })],
    ["alg HS512", JSON.stringify({ ...HEADER, alg: "HS512" })],
    ["alg RS256", JSON.stringify({ ...HEADER, alg: "RS256" })],
    ["alg in lower case", JSON.stringify({ ...HEADER, alg: "hs256" })],
    ["no alg", JSON.stringify({ kid: KID, typ: HEADER.typ })],
    ["another kid", JSON.stringify({ ...HEADER, kid: base64url(new Uint8Array(8)) })],
    ["no kid", JSON.stringify({ alg: "HS256", typ: HEADER.typ })],
    ["a kid with padding", JSON.stringify({ ...HEADER, kid: `${KID}=` })],
    ["a kid that is a path", JSON.stringify({ ...HEADER, kid: "../../../dev/null" })],
    ["another typ", JSON.stringify({ ...HEADER, typ: "JWT" })],
    ["no typ", JSON.stringify({ alg: "HS256", kid: KID })],
    ["another order", JSON.stringify({ kid: KID, alg: "HS256", typ: HEADER.typ })],
    ["an extra member", JSON.stringify({ ...HEADER, cty: "json" })],
    ["a critical member", JSON.stringify({ ...HEADER, crit: ["exp"] })],
    ["a key of its own", JSON.stringify({ ...HEADER, jwk: { kty: "oct", k: base64url(KEY) } })],
    ["an address of a key", JSON.stringify({ ...HEADER, jku: "https://evil.example/keys" })],
    ["a member twice", text.replace("{", '{"alg":"none",')],
    ["white space", text.replace(",", ", ")],
    ["a line break after it", `${text}\n`],
    ["an escape", text.replace("HS256", "\\u0048S256")],
    ["a header of the kind readable", JSON.stringify({ ...HEADER, kid: base64url(derived("readable.kid", 8)) })],
    ["nothing", ""],
    ["no JSON", "header"],
  ])("%s, even when it is signed with our key", async (_, header) => {
    const { open, verify } = spied();
    expect(await open(signed(base64url(header), base64url(JSON.stringify(CLAIMS))))).toBe("unknown-key");
    expect(verify).not.toHaveBeenCalled();
  });

  it("another spelling of the same bytes", async () => {
    const { open, verify } = spied();
    const header = base64url(text);
    for (const spelling of [`${header}=`, ` ${header}`, `${header} `, `${header.slice(0, -1)}`, `${header}\ud800`]) {
      expect(await open(signed(spelling, base64url(JSON.stringify(CLAIMS))))).toBe("unknown-key");
    }
    expect(verify).not.toHaveBeenCalled();
  });

  it("tokens of jose with a header that says the same in another order", async () => {
    const token = await new CompactSign(Buffer.from(JSON.stringify(CLAIMS)))
      .setProtectedHeader({ typ: HEADER.typ, kid: KID, alg: "HS256" })
      .sign(KEY);
    expect(await codec.open(token)).toBe("unknown-key");
  });
});

describe("signedTokens() refuses", () => {
  it.each([
    ["an empty text", ""],
    ["one part", "abc"],
    ["dots alone", ".."],
    ["a thousand dots", ".".repeat(1000)],
    ["a lone surrogate", "\ud800"],
    ["lone surrogates in every part", "\ud800.\udc00.\ud800"],
    ["JSON", JSON.stringify(CLAIMS)],
    ["a NUL", "\0"],
    ["the name of something every object has", "constructor.__proto__.toString"],
  ])("%s", async (_, text) => {
    expect(await codec.open(text)).toMatch(FAULT);
  });

  it("a token with too few or too many parts", async () => {
    const token = await codec.seal(CLAIMS);
    const parts = token.split(".");
    const texts = [
      parts[0],
      parts.slice(0, 2).join("."),
      `${token}.`,
      `.${token}`,
      `${token}.${parts[2]}`,
      token.replaceAll(".", ""),
    ];
    for (const text of texts) expect(await codec.open(text as string)).toBe("malformed");
  });

  it("a token that is cut short anywhere", async () => {
    const token = await codec.seal(CLAIMS);
    for (let length = 0; length < token.length; length++) expect(await codec.open(token.slice(0, length))).toMatch(FAULT);
  });

  it("a token with one part of another token", async () => {
    const [header, payload, signature] = (await codec.seal(CLAIMS)).split(".");
    const other = (await codec.seal({ ...CLAIMS, sid: "someone-elses-session" })).split(".");
    expect(await codec.open([header, other[1], signature].join("."))).toBe("forged");
    expect(await codec.open([header, payload, other[2]].join("."))).toBe("forged");
  });

  it("a token with an empty part", async () => {
    const [header, payload, signature] = (await codec.seal(CLAIMS)).split(".");
    expect(await codec.open(["", payload, signature].join("."))).toBe("unknown-key");
    expect(await codec.open([header, "", signature].join("."))).toBe("forged");
    expect(await codec.open([header, payload, ""].join("."))).toBe("malformed");
  });

  it("a signature of another length, without trying it", async () => {
    const { open, verify } = spied();
    const message = (await codec.seal(CLAIMS)).split(".").slice(0, 2).join(".");
    const mac = createHmac("sha256", KEY).update(message).digest();
    for (const part of [mac.subarray(0, 31), mac.subarray(0, 16), Buffer.concat([mac, Buffer.alloc(1)]), Buffer.alloc(1000)]) {
      expect(await open(`${message}.${base64url(part)}`)).toBe("malformed");
    }
    expect(verify).not.toHaveBeenCalled();
  });

  it("a token with any bit of any character flipped", async () => {
    const token = await codec.seal(CLAIMS);
    for (let at = 0; at < token.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const character = String.fromCharCode(token.charCodeAt(at) ^ (1 << bit));
        expect(await codec.open(withCharacter(token, at, character))).toMatch(FAULT);
      }
    }
  });

  it("every other spelling of the signature's last character", async () => {
    const token = await codec.seal(CLAIMS);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const same = [...alphabet].filter((last) => {
      const varied = withCharacter(token, token.length - 1, last);
      return varied !== token && Buffer.from(varied.slice(-43), "base64url").equals(Buffer.from(token.slice(-43), "base64url"));
    });
    expect(same).toHaveLength(3);
    for (const last of same) expect(await codec.open(withCharacter(token, token.length - 1, last))).toBe("malformed");
  });

  it.each(["=", "==", " ", "\n", "%20", "\ud800"])("a token with %j after it", async (end) => {
    expect(await codec.open((await codec.seal(CLAIMS)) + end)).toBe("malformed");
  });

  it.each([
    ["no JSON", base64url("sid")],
    ["a list", base64url("[]")],
    ["nothing", ""],
    ["claims without an id", base64url(JSON.stringify({ ...CLAIMS, sid: undefined }))],
    ["bytes that are not UTF-8", base64url(Uint8Array.of(0x22, 0xff, 0x22))],
    ["base64url with padding", `${base64url(JSON.stringify(CLAIMS))}=`],
    ["leftover bits that are not zero", base64url(`${JSON.stringify(CLAIMS)}  `).replace(/A$/, "B")],
    ["characters of plain base64", "+/+/"],
  ])("a good signature over %s", async (_, payload) => {
    expect(await codec.open(signed(base64url(JSON.stringify(HEADER)), payload))).toBe("claims");
  });

  it.each([
    ["another name", { name: "other" }],
    ["the visitor's name", { name: "session-visitor" }],
    ["another context", { context: "shop/production" }],
    ["no context", { context: "" }],
    ["another kind", { kind: "readable" }],
    ["another secret", { secrets: [OTHER_SECRET] }],
  ] satisfies [string, Partial<SignedOptions>][])("a token made for %s, also under our own header", async (_, options) => {
    const foreign = await signedTokens({ ...OPTIONS, ...options }, webCrypto).seal(CLAIMS);
    expect(await codec.open(foreign)).toBe("unknown-key");
    const ours = (await codec.seal(CLAIMS)).split(".")[0];
    expect(await codec.open([ours, ...foreign.split(".").slice(1)].join("."))).toBe("forged");
  });

  it("every text that nobody signed, without throwing", async () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    const part = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."AZaz09-_=") }),
      fc.constant(base64url(JSON.stringify(HEADER))),
      units,
    );
    const texts = fc.oneof(
      units,
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join(".")),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await codec.open(text)).toMatch(FAULT);
      }),
      { numRuns: 500 },
    );
  });
});

describe("signedTokens() with several secrets", () => {
  const old = signedTokens({ ...OPTIONS, secrets: [OLD_SECRET] }, webCrypto);

  it("opens a token of the older secret and says which key it was", async () => {
    const token = await old.seal(CLAIMS);
    const both = signedTokens({ ...OPTIONS, secrets: [SECRET, OLD_SECRET] }, webCrypto);
    const { kid } = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
    expect(await both.open(token)).toEqual({ claims: CLAIMS, olderKey: kid });
  });

  it("makes tokens with the first secret, and says nothing of an older key for them", async () => {
    const both = signedTokens({ ...OPTIONS, secrets: [SECRET, OLD_SECRET] }, webCrypto);
    const token = await both.seal(CLAIMS);
    expect(token).toBe(await codec.seal(CLAIMS));
    const opened = await both.open(token);
    expect(opened).toEqual({ claims: CLAIMS });
    expect(opened).not.toHaveProperty("olderKey");
  });

  it("tries one key only", async () => {
    const { open, verify } = spied({ secrets: [SECRET, OLD_SECRET, OTHER_SECRET] });
    await open(await old.seal(CLAIMS));
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it("does not open a token of a secret that was removed", async () => {
    const { open, verify } = spied({ secrets: [SECRET] });
    expect(await open(await old.seal(CLAIMS))).toBe("unknown-key");
    expect(verify).not.toHaveBeenCalled();
  });

  it("calls a changed token of the older secret forged", async () => {
    const both = signedTokens({ ...OPTIONS, secrets: [SECRET, OLD_SECRET] }, webCrypto);
    const [header, , signature] = (await old.seal(CLAIMS)).split(".");
    expect(await both.open([header, base64url(JSON.stringify({ ...CLAIMS, exp: 9000 })), signature].join("."))).toBe("forged");
  });
});

describe("signedTokens() when cryptography fails", () => {
  it("throws, and does not remember that keys could not be derived", async () => {
    const derive = vi.fn(webCrypto.derive).mockRejectedValueOnce(new Error("out of order"));
    const { open, seal } = signedTokens(OPTIONS, { ...webCrypto, derive });
    const token = await codec.seal(CLAIMS);
    await expect(open(token)).rejects.toThrow("out of order");
    expect(await open(token)).toEqual({ claims: CLAIMS });
    expect(await seal(CLAIMS)).toBe(token);
  });

  it("does not remember that a key could not be imported", async () => {
    const importKey = vi.fn(webCrypto.importKey).mockRejectedValueOnce(new Error("out of order"));
    const { seal } = signedTokens(OPTIONS, { ...webCrypto, importKey });
    await expect(seal(CLAIMS)).rejects.toThrow("out of order");
    expect(await seal(CLAIMS)).toBe(await codec.seal(CLAIMS));
  });

  it("leaves no failure unheard when a key cannot be imported before its id is derived", async () => {
    const derive: Primitives["derive"] = async (secret, info, length) => {
      const bytes = await webCrypto.derive(secret, info, length);
      if (new TextDecoder().decode(info).includes(".kid")) await new Promise((done) => setTimeout(done, 10));
      return bytes;
    };
    const importKey = () => Promise.reject(new Error("out of order"));
    const { seal } = signedTokens(OPTIONS, { ...webCrypto, derive, importKey });
    await expect(seal(CLAIMS)).rejects.toThrow("out of order");
    await new Promise((done) => setTimeout(done, 20));
  });

  it("throws when a signature cannot be checked, and never takes it for good", async () => {
    const { open, verify } = spied();
    verify.mockRejectedValueOnce(new Error("out of order"));
    await expect(open(await codec.seal(CLAIMS))).rejects.toThrow("out of order");
  });
});
