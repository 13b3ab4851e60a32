/** Encrypted tokens: what is read, what is refused and hidden, and that other JOSE software reads and makes the same. */
import { hkdfSync } from "node:crypto";
import fc from "fast-check";
import { CompactEncrypt, type CompactJWEHeaderParameters, compactDecrypt } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { Claims } from "../../../src/token/claims.ts";
import { type EncryptedOptions, encryptedTokens } from "../../../src/token/encrypted.ts";
import { signedTokens } from "../../../src/token/signed.ts";
import { webCrypto } from "../../../src/token/web-crypto.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../../support/secrets.ts";

const CLAIMS: Claims = {
  sid: "abcdefghijklmnopqrstuvwxyzABCDEF",
  start: 1000,
  iat: 2000,
  exp: 3000,
  sub: "alice@example.com",
  data: '{"cart":["a very secret thing"]}',
};
const OPTIONS: EncryptedOptions = { secrets: [SECRET], name: "session", context: "shop/test" };
const codec = encryptedTokens(OPTIONS, webCrypto);
const FAULT = /^(malformed|unknown-key|forged|claims)$/;

function derived(kind: string, length: number): Buffer {
  const info = ["web-session-store", "1", kind, "session", "shop/test"].join("\0");
  return Buffer.from(hkdfSync("sha256", SECRET, "", info, length));
}

const KEY = derived("data", 32);
const KID = derived("data.kid", 8).toString("base64url");
const HEADER = { alg: "A256KW", enc: "A256GCM", kid: KID, typ: "session+jwt" };
const PAYLOAD = JSON.stringify({ ...CLAIMS, data: JSON.parse(CLAIMS.data ?? "") });

function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString("base64url");
}

/** A token that jose encrypts with our own key, under any header it can make. */
function byJose(payload: string | Uint8Array, header: CompactJWEHeaderParameters = HEADER): Promise<string> {
  return new CompactEncrypt(Buffer.from(payload)).setProtectedHeader(header).encrypt(KEY);
}

function spied(options: Partial<EncryptedOptions> = {}) {
  const open = vi.fn(webCrypto.open);
  return { codec: encryptedTokens({ ...OPTIONS, ...options }, { ...webCrypto, open }), decrypt: open };
}

/** The text with one character put in place of another. */
function withCharacter(text: string, at: number, character: string): string {
  return text.slice(0, at) + character + text.slice(at + 1);
}

function withPart(token: string, at: number, part: string): string {
  return token.split(".").with(at, part).join(".");
}

describe("encryptedTokens()", () => {
  it("opens what it seals", async () => {
    expect(await codec.open(await codec.seal(CLAIMS))).toEqual({ claims: CLAIMS });
  });

  it("opens what it seals, whatever the claims are", async () => {
    const data = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()).map((value) => JSON.stringify(value));
    const claims = fc.record({
      sid: fc.stringMatching(/^[\w-]{15,64}$/),
      start: fc.maxSafeNat(),
      sub: fc.string({ unit: "binary" }),
      data,
    });
    await fc.assert(
      fc.asyncProperty(claims, async (some) => {
        const token = await codec.seal({ ...CLAIMS, ...some });
        const normal = JSON.stringify(JSON.parse(some.data));
        expect(await codec.open(token)).toEqual({ claims: { ...CLAIMS, ...some, data: normal } });
      }),
    );
  });

  it("keeps __proto__ keys, emoji and control characters of data", async () => {
    const data = '{"__proto__":{"a":1},"constructor":null,"😀":"👩‍👩‍👧 \\u0000\\u001f\\n\u2028\u007f","\\ud800":"\\udfff"}';
    const token = await codec.seal({ ...CLAIMS, sub: "zoë\u0000😀", data });
    expect(await codec.open(token)).toEqual({ claims: { ...CLAIMS, sub: "zoë\u0000😀", data } });
  });

  it("makes five parts of characters that a cookie value may have", async () => {
    expect(await codec.seal(CLAIMS)).toMatch(/^[\w-]+\.[\w-]{54}\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
  });

  it("makes the documented header", async () => {
    const [header = ""] = (await codec.seal(CLAIMS)).split(".");
    expect(Buffer.from(header, "base64url").toString()).toBe(JSON.stringify(HEADER));
  });

  it("hides the claims", async () => {
    const token = await codec.seal(CLAIMS);
    const texts = [token, ...token.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"))];
    for (const plain of [CLAIMS.sid, "alice@example", "secret thing", '{"cart"', '"start":']) {
      for (const text of texts) {
        expect(text).not.toContain(plain);
        expect(text).not.toContain(base64url(plain));
      }
    }
  });

  it("makes another token of the same claims every time", async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => codec.seal(CLAIMS)));
    for (const part of [1, 2, 3, 4]) expect(new Set(tokens.map((token) => token.split(".")[part])).size).toBe(20);
    expect(new Set(tokens.map((token) => token.split(".")[0])).size).toBe(1);
  });

  it("makes tokens that jose decrypts with the derived key", async () => {
    const { plaintext, protectedHeader } = await compactDecrypt(await codec.seal(CLAIMS), KEY);
    expect(protectedHeader).toEqual(HEADER);
    expect(Buffer.from(plaintext).toString()).toBe(PAYLOAD);
  });

  it("opens tokens that jose encrypts with the derived key and exactly our header", async () => {
    expect(await codec.open(await byJose(PAYLOAD))).toEqual({ claims: CLAIMS });
  });

  it("derives its keys once for many tokens, and not before the first", async () => {
    const derive = vi.fn(webCrypto.derive);
    const { open, seal } = encryptedTokens(OPTIONS, { ...webCrypto, derive });
    expect(derive).not.toHaveBeenCalled();
    for (let round = 0; round < 3; round++) await open(await seal(CLAIMS));
    expect(derive).toHaveBeenCalledTimes(2);
  });
});

describe("encryptedTokens() refuses a token whose header is not byte for byte ours:", () => {
  it.each([
    ["another enc", { ...HEADER, enc: "A128GCM" }],
    ["an enc of another family", { ...HEADER, enc: "A256CBC-HS512" }],
    ["another alg", { ...HEADER, alg: "A256GCMKW" }],
    ["the alg dir", { ...HEADER, alg: "dir" }],
    ["another kid", { ...HEADER, kid: base64url(new Uint8Array(8)) }],
    ["no kid", { alg: "A256KW", enc: "A256GCM", typ: HEADER.typ }],
    ["another typ", { ...HEADER, typ: "JWT" }],
    ["no typ", { alg: "A256KW", enc: "A256GCM", kid: KID }],
    ["another order", { enc: "A256GCM", alg: "A256KW", kid: KID, typ: HEADER.typ }],
    ["an extra member", { ...HEADER, cty: "json" }],
    ["an address of a key", { ...HEADER, jku: "https://evil.example/keys" }],
  ] satisfies [string, CompactJWEHeaderParameters][])("%s, even when jose encrypts it with our key", async (_, header) => {
    const spy = spied();
    expect(await spy.codec.open(await byJose(PAYLOAD, header))).toBe("unknown-key");
    expect(spy.decrypt).not.toHaveBeenCalled();
  });

  const text = JSON.stringify(HEADER);
  it.each([
    ["alg none", JSON.stringify({ ...HEADER, alg: "none" })],
    ["alg in lower case", JSON.stringify({ ...HEADER, alg: "a256kw" })],
    ["alg of passwords", JSON.stringify({ ...HEADER, alg: "PBES2-HS256+A128KW", p2c: 2_000_000_000, p2s: "AAAAAAAAAAA" })],
    ["compression", JSON.stringify({ ...HEADER, zip: "DEF" })],
    ["a critical member", JSON.stringify({ ...HEADER, crit: ["exp"] })],
    ["a member twice", text.replace("{", '{"alg":"none",')],
    ["white space", text.replace(",", ", ")],
    ["a line break after it", `${text}\n`],
    ["an escape", text.replace("A256KW", "\\u0041256KW")],
    ["nothing", ""],
    ["no JSON", "header"],
  ])("%s", async (_, header) => {
    const spy = spied();
    expect(await spy.codec.open(withPart(await codec.seal(CLAIMS), 0, base64url(header)))).toBe("unknown-key");
    expect(spy.decrypt).not.toHaveBeenCalled();
  });

  it("another spelling of the same bytes", async () => {
    const spy = spied();
    const token = await codec.seal(CLAIMS);
    const header = base64url(text);
    for (const spelling of [`${header}=`, ` ${header}`, `${header} `, header.slice(0, -1), `${header}\ud800`]) {
      expect(await spy.codec.open(withPart(token, 0, spelling))).toBe("unknown-key");
    }
    expect(spy.decrypt).not.toHaveBeenCalled();
  });
});

describe("encryptedTokens() refuses", () => {
  it.each([
    ["an empty text", ""],
    ["one part", "abc"],
    ["dots alone", "...."],
    ["a thousand dots", ".".repeat(1000)],
    ["a lone surrogate", "\ud800"],
    ["lone surrogates in every part", "\ud800.\udc00.\ud800.\udc00.\ud800"],
    ["JSON", PAYLOAD],
    ["a NUL", "\0"],
    ["the name of something every object has", "constructor.__proto__.toString.valueOf.length"],
  ])("%s", async (_, text) => {
    expect(await codec.open(text)).toMatch(FAULT);
  });

  it("a token with too few or too many parts", async () => {
    const token = await codec.seal(CLAIMS);
    const parts = token.split(".");
    for (let count = 1; count < 5; count++) expect(await codec.open(parts.slice(0, count).join("."))).toBe("malformed");
    for (const text of [`${token}.`, `.${token}`, `${token}.${parts[4]}`, token.replaceAll(".", "")]) {
      expect(await codec.open(text)).toBe("malformed");
    }
  });

  it("a token that is cut short anywhere", async () => {
    const token = await codec.seal(CLAIMS);
    for (let length = 0; length < token.length; length++) expect(await codec.open(token.slice(0, length))).toMatch(FAULT);
  });

  it.each([1, 2, 3, 4])("a token with part %i of another token", async (part) => {
    const other = (await codec.seal(CLAIMS)).split(".");
    expect(await codec.open(withPart(await codec.seal(CLAIMS), part, other[part] as string))).toBe("forged");
  });

  it.each([
    [0, "unknown-key"],
    [1, "malformed"],
    [2, "malformed"],
    [3, "forged"],
    [4, "malformed"],
  ])("a token whose part %i is empty, as %s", async (part, fault) => {
    expect(await codec.open(withPart(await codec.seal(CLAIMS), part, ""))).toBe(fault);
  });

  it.each([
    ["wrapped key", 1, [8, 16, 24, 39, 41, 48]],
    ["nonce", 2, [1, 8, 11, 13, 16]],
    ["tag", 4, [4, 8, 12, 15, 17]],
  ] as const)("a %s of another length, without trying it", async (_, part, lengths) => {
    const spy = spied();
    const token = await codec.seal(CLAIMS);
    const bytes = Buffer.concat([Buffer.from(token.split(".")[part] as string, "base64url"), Buffer.alloc(20)]);
    for (const length of lengths) {
      expect(await spy.codec.open(withPart(token, part, base64url(bytes.subarray(0, length))))).toBe("malformed");
    }
    expect(spy.decrypt).not.toHaveBeenCalled();
  });

  it("bytes moved from the tag to the ciphertext", async () => {
    const token = await codec.seal(CLAIMS);
    const [, , , ciphertext = "", tag = ""] = token.split(".");
    const all = Buffer.concat([Buffer.from(ciphertext, "base64url"), Buffer.from(tag, "base64url")]);
    const moved = withPart(withPart(token, 3, base64url(all.subarray(0, -8))), 4, base64url(all.subarray(-8)));
    expect(await codec.open(moved)).toBe("malformed");
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

  it.each([
    ["wrapped key", 1, 15],
    ["tag", 4, 15],
  ])("every other spelling of the last character of the %s", async (_, part, count) => {
    const token = await codec.seal(CLAIMS);
    const text = token.split(".")[part] as string;
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const same = [...alphabet]
      .map((last) => text.slice(0, -1) + last)
      .filter((varied) => varied !== text && Buffer.from(varied, "base64url").equals(Buffer.from(text, "base64url")));
    expect(same).toHaveLength(count);
    for (const varied of same) expect(await codec.open(withPart(token, part, varied))).toBe("malformed");
  });

  it.each([1, 2, 3, 4])("padding, white space and foreign characters in part %i", async (part) => {
    const token = await codec.seal(CLAIMS);
    const text = token.split(".")[part] as string;
    for (const varied of [`${text}=`, `${text}==`, ` ${text}`, `${text}\n`, `+${text.slice(1)}`, `${text.slice(1)}\ud800`]) {
      expect(await codec.open(withPart(token, part, varied))).toBe("malformed");
    }
  });

  it.each([
    ["no JSON", "sid"],
    ["a list", "[]"],
    ["nothing", ""],
    ["claims without an id", JSON.stringify({ ...CLAIMS, sid: undefined, data: {} })],
    ["data that is a text", JSON.stringify(CLAIMS)],
    ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
  ])("a well encrypted token that holds %s", async (_, payload) => {
    expect(await codec.open(await byJose(payload))).toBe("claims");
  });

  it.each([
    ["another name", { name: "other" }],
    ["the visitor's name", { name: "session-visitor" }],
    ["another context", { context: "shop/production" }],
    ["no context", { context: "" }],
    ["another secret", { secrets: [OTHER_SECRET] }],
  ] satisfies [string, Partial<EncryptedOptions>][])("a token made for %s, also under our own header", async (_, options) => {
    const foreign = await encryptedTokens({ ...OPTIONS, ...options }, webCrypto).seal(CLAIMS);
    expect(await codec.open(foreign)).toBe("unknown-key");
    const ours = (await codec.seal(CLAIMS)).split(".")[0] as string;
    expect(await codec.open(withPart(foreign, 0, ours))).toBe("forged");
  });

  it.each(["id", "readable"] as const)("a signed token of the kind %s, as that refuses an encrypted one", async (kind) => {
    const signed = signedTokens({ ...OPTIONS, kind }, webCrypto);
    expect(await codec.open(await signed.seal(CLAIMS))).toBe("malformed");
    expect(await signed.open(await codec.seal(CLAIMS))).toBe("malformed");
  });

  it("every text that nobody encrypted, without throwing", async () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    const lengths = fc.constantFrom(40, 12, 16, 0, 5);
    const bytes = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length })).map(base64url);
    const part = fc.oneof(bytes, units);
    const shaped = fc
      .array(part, { minLength: 3, maxLength: 5 })
      .map((rest) => [base64url(JSON.stringify(HEADER)), ...rest].join("."));
    await fc.assert(
      fc.asyncProperty(fc.oneof(units, shaped), async (text) => {
        expect(await codec.open(text)).toMatch(FAULT);
      }),
      { numRuns: 500 },
    );
  });
});

describe("encryptedTokens() with several secrets", () => {
  const old = encryptedTokens({ ...OPTIONS, secrets: [OLD_SECRET] }, webCrypto);

  it("opens a token of the older secret and says which key it was", async () => {
    const token = await old.seal(CLAIMS);
    const both = encryptedTokens({ ...OPTIONS, secrets: [SECRET, OLD_SECRET] }, webCrypto);
    const { kid } = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
    expect(await both.open(token)).toEqual({ claims: CLAIMS, olderKey: kid });
  });

  it("makes tokens with the first secret, and says nothing of an older key for them", async () => {
    const both = encryptedTokens({ ...OPTIONS, secrets: [SECRET, OLD_SECRET] }, webCrypto);
    const token = await both.seal(CLAIMS);
    expect(await codec.open(token)).toEqual({ claims: CLAIMS });
    expect(await both.open(token)).not.toHaveProperty("olderKey");
  });

  it("tries one key only", async () => {
    const spy = spied({ secrets: [SECRET, OLD_SECRET, OTHER_SECRET] });
    await spy.codec.open(await old.seal(CLAIMS));
    expect(spy.decrypt).toHaveBeenCalledTimes(1);
  });

  it("does not open a token of a secret that was removed", async () => {
    const spy = spied({ secrets: [SECRET] });
    expect(await spy.codec.open(await old.seal(CLAIMS))).toBe("unknown-key");
    expect(spy.decrypt).not.toHaveBeenCalled();
  });
});

describe("encryptedTokens() when cryptography fails", () => {
  it("throws, and does not remember that keys could not be derived", async () => {
    const derive = vi.fn(webCrypto.derive).mockRejectedValueOnce(new Error("out of order"));
    const { open, seal } = encryptedTokens(OPTIONS, { ...webCrypto, derive });
    await expect(seal(CLAIMS)).rejects.toThrow("out of order");
    expect(await open(await seal(CLAIMS))).toEqual({ claims: CLAIMS });
  });

  it("does not remember that a key could not be imported", async () => {
    const importKey = vi.fn(webCrypto.importKey).mockRejectedValueOnce(new Error("out of order"));
    const { open } = encryptedTokens(OPTIONS, { ...webCrypto, importKey });
    const token = await codec.seal(CLAIMS);
    await expect(open(token)).rejects.toThrow("out of order");
    expect(await open(token)).toEqual({ claims: CLAIMS });
  });
});
