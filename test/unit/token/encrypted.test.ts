/** Encrypted tokens: what is read, what is refused and hidden, and that other JOSE software reads and makes the same. */
import fc from "fast-check";
import { CompactEncrypt, type CompactJWEHeaderParameters, compactDecrypt } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { Claims } from "../../../src/token/claims.ts";
import { type EncryptedOptions, encryptedTokens } from "../../../src/token/encrypted.ts";
import { nodePrimitives } from "../../../src/token/node-crypto.ts";
import { signedTokens } from "../../../src/token/signed.ts";
import { type Primitives, webCrypto } from "../../../src/token/web-crypto.ts";
import { SECRET } from "../../support/secrets.ts";
import { base64url, derived, describeCodec, payloadOf, withPart } from "./codec-suite.ts";

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
const KEY = derived("data", 32);
const KID = derived("data.kid", 8).toString("base64url");
const HEADER = { alg: "A256KW", enc: "A256GCM", kid: KID, typ: "session+jwt" };
const PAYLOAD = payloadOf(CLAIMS);

/** A token that jose encrypts with our own key, under any header it can make. */
function byJose(payload: string | Uint8Array, header: CompactJWEHeaderParameters = HEADER): Promise<string> {
  return new CompactEncrypt(Buffer.from(payload)).setProtectedHeader(header).encrypt(KEY);
}

const CRYPTOGRAPHIES: [name: string, primitives: Primitives][] = [
  ["Web Crypto", webCrypto as Primitives],
  ["node:crypto", nodePrimitives()],
];

/** `tried` is the last of two steps, `unwrapped` the first, which a key is spared that is remembered. */
function spied(options: Partial<EncryptedOptions> = {}) {
  const [tried, unwrapped] = [vi.fn(webCrypto.open), vi.fn(webCrypto.unwrap)];
  const primitives = { ...webCrypto, open: tried, unwrap: unwrapped };
  return { codec: encryptedTokens({ ...OPTIONS, ...options }, primitives), tried, unwrapped };
}

describeCodec<EncryptedOptions>({
  name: "encryptedTokens",
  make: encryptedTokens,
  options: OPTIONS,
  spied,
  claims: CLAIMS,
  drawn: ["sid", "start", "sub", "data"],
  header: HEADER,
  underHeader: async (header) => withPart(await codec.seal(CLAIMS), 0, header),
  over: (payload) => byJose(payload),
  faultsOfEmptyParts: ["unknown-key", "malformed", "malformed", "forged", "malformed"],
  shared: [1],
  spelled: [
    ["wrapped key", 1, 15],
    ["tag", 4, 15],
  ],
  foreign: [],
  forms: (units) => {
    const lengths = fc.constantFrom(40, 12, 16, 0, 5);
    const bytes = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length })).map(base64url);
    const part = fc.oneof(bytes, units);
    return fc.array(part, { minLength: 3, maxLength: 5 }).map((rest) => [base64url(JSON.stringify(HEADER)), ...rest].join("."));
  },
});

describe("encryptedTokens()", () => {
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

  it("makes another token of the same claims every time, under one content key", async () => {
    await codec.seal(CLAIMS);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => codec.seal(CLAIMS)));
    for (const part of [2, 3, 4]) expect(new Set(tokens.map((token) => token.split(".")[part])).size).toBe(20);
    for (const part of [0, 1]) expect(new Set(tokens.map((token) => token.split(".")[part])).size).toBe(1);
  });

  it.each(CRYPTOGRAPHIES)("makes tokens that jose decrypts with the derived key, by %s", async (_name, primitives) => {
    const sealing = encryptedTokens(OPTIONS, primitives);
    for (let made = 0; made < 3; made++) {
      const { plaintext, protectedHeader } = await compactDecrypt(await sealing.seal(CLAIMS), KEY);
      expect(protectedHeader).toEqual(HEADER);
      expect(Buffer.from(plaintext).toString()).toBe(PAYLOAD);
    }
  });

  it.each(CRYPTOGRAPHIES)("opens tokens that jose encrypts with exactly our header, by %s", async (_name, primitives) => {
    const opening = encryptedTokens(OPTIONS, primitives);
    for (const token of [await byJose(PAYLOAD), await byJose(PAYLOAD)]) {
      // Unwrapped, and then remembered.
      for (let times = 0; times < 2; times++) expect(await opening.open(token)).toEqual({ claims: CLAIMS });
    }
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
    const { codec: spy, tried, unwrapped } = spied();
    expect(await spy.open(await byJose(PAYLOAD, header))).toBe("unknown-key");
    expect(tried).not.toHaveBeenCalled();
    expect(unwrapped).not.toHaveBeenCalled();
  });

  it.each([
    ["alg of passwords", JSON.stringify({ ...HEADER, alg: "PBES2-HS256+A128KW", p2c: 2_000_000_000, p2s: "AAAAAAAAAAA" })],
    ["compression", JSON.stringify({ ...HEADER, zip: "DEF" })],
  ])("%s", async (_, header) => {
    const { codec: spy, tried, unwrapped } = spied();
    expect(await spy.open(withPart(await codec.seal(CLAIMS), 0, base64url(header)))).toBe("unknown-key");
    expect(tried).not.toHaveBeenCalled();
    expect(unwrapped).not.toHaveBeenCalled();
  });
});

describe("encryptedTokens() refuses", () => {
  it.each([
    ["wrapped key", 1, [8, 16, 24, 39, 41, 48]],
    ["nonce", 2, [1, 8, 11, 13, 16]],
    ["tag", 4, [4, 8, 12, 15, 17]],
  ] as const)("a %s of another length, without trying it", async (_, part, lengths) => {
    const { codec: spy, tried, unwrapped } = spied();
    const token = await codec.seal(CLAIMS);
    const bytes = Buffer.concat([Buffer.from(token.split(".")[part] as string, "base64url"), Buffer.alloc(20)]);
    for (const length of lengths) {
      expect(await spy.open(withPart(token, part, base64url(bytes.subarray(0, length))))).toBe("malformed");
    }
    expect(tried).not.toHaveBeenCalled();
    expect(unwrapped).not.toHaveBeenCalled();
  });

  it("bytes moved from the tag to the ciphertext", async () => {
    const token = await codec.seal(CLAIMS);
    const [, , , ciphertext = "", tag = ""] = token.split(".");
    const all = Buffer.concat([Buffer.from(ciphertext, "base64url"), Buffer.from(tag, "base64url")]);
    const moved = withPart(withPart(token, 3, base64url(all.subarray(0, -8))), 4, base64url(all.subarray(-8)));
    expect(await codec.open(moved)).toBe("malformed");
  });

  it.each([1, 2, 3, 4])("padding, white space and foreign characters in part %i", async (part) => {
    const token = await codec.seal(CLAIMS);
    const text = token.split(".")[part] as string;
    for (const varied of [`${text}=`, `${text}==`, ` ${text}`, `${text}\n`, `+${text.slice(1)}`, `${text.slice(1)}\ud800`]) {
      expect(await codec.open(withPart(token, part, varied))).toBe("malformed");
    }
  });

  it("a well encrypted token whose data is a text", async () => {
    expect(await codec.open(await byJose(JSON.stringify(CLAIMS)))).toBe("claims");
  });

  it.each(["id", "readable"] as const)("a signed token of the kind %s, as that refuses an encrypted one", async (kind) => {
    const signed = signedTokens({ ...OPTIONS, kind }, webCrypto);
    expect(await codec.open(await signed.seal(CLAIMS))).toBe("malformed");
    expect(await signed.open(await codec.seal(CLAIMS))).toBe("malformed");
  });
});
