/** Signed tokens: what is read, what is refused, and that other JOSE software reads and makes the same. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { CompactSign, compactVerify, SignJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { Claims } from "../../../src/token/claims.ts";
import { type SignedOptions, signedTokens } from "../../../src/token/signed.ts";
import { type Primitives, webCrypto } from "../../../src/token/web-crypto.ts";
import { OLD_SECRET, SECRET } from "../../support/secrets.ts";
import { base64url, derived, describeCodec } from "./codec-suite.ts";

const CLAIMS: Claims = { sid: "abcdefghijklmnopqrstuvwxyzABCDEF", start: 1000, iat: 2000, exp: 3000 };
const OPTIONS: SignedOptions = { secrets: [SECRET], kind: "id", name: "session", context: "shop/test" };
const codec = signedTokens(OPTIONS, webCrypto);
const KEY = derived("id", 32);
const KID = derived("id.kid", 8).toString("base64url");
const HEADER = { alg: "HS256", kid: KID, typ: "session+jwt" };

/** A token with a good signature by our own key, over any two texts. */
function signed(header: string, payload: string): string {
  return `${header}.${payload}.${createHmac("sha256", KEY).update(`${header}.${payload}`).digest("base64url")}`;
}

function spied(options: Partial<SignedOptions> = {}) {
  const tried = vi.fn(webCrypto.verify);
  return { codec: signedTokens({ ...OPTIONS, ...options }, { ...webCrypto, verify: tried }), tried };
}

const ENCODED = { header: base64url(JSON.stringify(HEADER)), payload: base64url(JSON.stringify(CLAIMS)) };

describeCodec<SignedOptions>({
  name: "signedTokens",
  make: signedTokens,
  options: OPTIONS,
  spied,
  claims: CLAIMS,
  drawn: ["sid", "start"],
  header: HEADER,
  underHeader: async (header) => signed(header, ENCODED.payload),
  over: async (payload) => signed(ENCODED.header, base64url(payload)),
  faultsOfEmptyParts: ["unknown-key", "forged", "malformed"],
  shared: [],
  spelled: [["signature", 2, 3]],
  foreign: [["another kind", { kind: "readable" }]],
  forms: (units) => {
    const part = fc.oneof(fc.string({ unit: fc.constantFrom(..."AZaz09-_=") }), fc.constant(ENCODED.header), units);
    return fc.array(part, { maxLength: 5 }).map((parts) => parts.join("."));
  },
});

describe("signedTokens()", () => {
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
    const { codec: spy, tried } = spied();
    await spy.open(await codec.seal(CLAIMS));
    expect(tried).toHaveBeenCalledTimes(1);
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
});

describe("signedTokens() refuses a token whose header is not byte for byte ours:", () => {
  it.each([
    ["alg None", JSON.stringify({ ...HEADER, alg: "None" })],
    ["alg HS512", JSON.stringify({ ...HEADER, alg: "HS512" })],
    ["alg RS256", JSON.stringify({ ...HEADER, alg: "RS256" })],
    ["no alg", JSON.stringify({ kid: KID, typ: HEADER.typ })],
    ["another kid", JSON.stringify({ ...HEADER, kid: base64url(new Uint8Array(8)) })],
    ["no kid", JSON.stringify({ alg: "HS256", typ: HEADER.typ })],
    ["a kid with padding", JSON.stringify({ ...HEADER, kid: `${KID}=` })],
    ["a kid that is a path", JSON.stringify({ ...HEADER, kid: "../../../dev/null" })],
    ["another typ", JSON.stringify({ ...HEADER, typ: "JWT" })],
    ["no typ", JSON.stringify({ alg: "HS256", kid: KID })],
    ["another order", JSON.stringify({ kid: KID, alg: "HS256", typ: HEADER.typ })],
    ["an extra member", JSON.stringify({ ...HEADER, cty: "json" })],
    ["a key of its own", JSON.stringify({ ...HEADER, jwk: { kty: "oct", k: base64url(KEY) } })],
    ["an address of a key", JSON.stringify({ ...HEADER, jku: "https://evil.example/keys" })],
    ["a header of the kind readable", JSON.stringify({ ...HEADER, kid: base64url(derived("readable.kid", 8)) })],
  ])("%s, even when it is signed with our key", async (_, header) => {
    const { codec: spy, tried } = spied();
    expect(await spy.open(signed(base64url(header), ENCODED.payload))).toBe("unknown-key");
    expect(tried).not.toHaveBeenCalled();
  });

  it("tokens of jose with a header that says the same in another order", async () => {
    const token = await new CompactSign(Buffer.from(JSON.stringify(CLAIMS)))
      .setProtectedHeader({ typ: HEADER.typ, kid: KID, alg: "HS256" })
      .sign(KEY);
    expect(await codec.open(token)).toBe("unknown-key");
  });
});

describe("signedTokens() refuses", () => {
  it("a signature of another length, without trying it", async () => {
    const { codec: spy, tried } = spied();
    const message = (await codec.seal(CLAIMS)).split(".").slice(0, 2).join(".");
    const mac = createHmac("sha256", KEY).update(message).digest();
    for (const part of [mac.subarray(0, 31), mac.subarray(0, 16), Buffer.concat([mac, Buffer.alloc(1)]), Buffer.alloc(1000)]) {
      expect(await spy.open(`${message}.${base64url(part)}`)).toBe("malformed");
    }
    expect(tried).not.toHaveBeenCalled();
  });

  it.each(["=", "==", " ", "\n", "%20", "\ud800"])("a token with %j after it", async (end) => {
    expect(await codec.open((await codec.seal(CLAIMS)) + end)).toBe("malformed");
  });

  it.each([
    ["base64url with padding", `${ENCODED.payload}=`],
    ["leftover bits that are not zero", base64url(`${JSON.stringify(CLAIMS)}  `).replace(/A$/, "B")],
    ["characters of plain base64", "+/+/"],
  ])("a good signature over %s", async (_, payload) => {
    expect(await codec.open(signed(ENCODED.header, payload))).toBe("claims");
  });
});

describe("signedTokens() with several secrets", () => {
  const old = signedTokens({ ...OPTIONS, secrets: [OLD_SECRET] }, webCrypto);

  it("makes the very tokens that the first secret makes alone", async () => {
    const both = signedTokens({ ...OPTIONS, secrets: [SECRET, OLD_SECRET] }, webCrypto);
    expect(await both.seal(CLAIMS)).toBe(await codec.seal(CLAIMS));
  });

  it("calls a changed token of the older secret forged", async () => {
    const both = signedTokens({ ...OPTIONS, secrets: [SECRET, OLD_SECRET] }, webCrypto);
    const [header, , signature] = (await old.seal(CLAIMS)).split(".");
    expect(await both.open([header, base64url(JSON.stringify({ ...CLAIMS, exp: 9000 })), signature].join("."))).toBe("forged");
  });
});

describe("signedTokens() when cryptography fails", () => {
  it.each(["derive", "importKey"] as const)("makes the same token as ever once %s() works again", async (operation) => {
    const failing = vi.fn(webCrypto[operation] as () => Promise<never>).mockRejectedValueOnce(new Error("out of order"));
    const { seal } = signedTokens(OPTIONS, { ...webCrypto, [operation]: failing });
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
});
