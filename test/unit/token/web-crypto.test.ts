/** The primitives on Web Crypto, held against Node's own cryptography and against published answers. */
import { createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/ground/encoding.ts";
import { type Sealed, webCrypto } from "../../../src/token/web-crypto.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const OTHER_KEY = Uint8Array.from({ length: 32 }, (_, index) => index * 11);
const MESSAGE = "a message of some length";
const PLAINTEXT = encodeUtf8(MESSAGE);
const AAD = encodeUtf8("what goes with it");
const PARTS = ["iv", "ciphertext", "tag"] as const;
const bytes = (limits: { minLength?: number; maxLength?: number }) =>
  fc.uint8Array(limits).map((array) => Uint8Array.from(array));

function hex(array: Uint8Array): string {
  return Buffer.from(array).toString("hex");
}

function flipped(array: Uint8Array, index: number, mask = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(array, (byte, at) => (at === index ? byte ^ mask : byte));
}

function macOf(signature: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(signature, "base64url"));
}

describe("webCrypto.derive()", () => {
  it("gives the answer of RFC 5869, test case 3", async () => {
    const derived = await webCrypto.derive(new Uint8Array(22).fill(0x0b), new Uint8Array(0), 42);
    expect(hex(derived)).toBe("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  });

  it("gives what Node's hkdfSync gives", async () => {
    const inputs = fc.record({
      secret: bytes({ minLength: 1, maxLength: 100 }),
      info: bytes({ maxLength: 100 }),
      length: fc.integer({ min: 1, max: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ secret, info, length }) => {
        const expected = hkdfSync("sha256", secret, new Uint8Array(0), info, length);
        expect(hex(await webCrypto.derive(secret, info, length))).toBe(hex(new Uint8Array(expected)));
      }),
    );
  });
});

describe("webCrypto.importKey()", () => {
  it.each([
    ["mac", ["sign", "verify"]],
    ["wrap", ["unwrapKey", "wrapKey"]],
  ] as const)("makes a key for %s that cannot be exported and does nothing else", async (use, usages) => {
    const key = await webCrypto.importKey(KEY, use);
    expect(key.extractable).toBe(false);
    expect([...key.usages].sort()).toEqual(usages);
    await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("jwk", key)).rejects.toThrow();
  });
});

describe("webCrypto.sign() and webCrypto.verify()", () => {
  it("give and take what Node's createHmac gives", async () => {
    const text = fc.string({ unit: "binary", maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(bytes({ minLength: 32, maxLength: 32 }), text, async (secret, message) => {
        const key = await webCrypto.importKey(secret, "mac");
        const expected = createHmac("sha256", secret).update(message).digest();
        expect(await webCrypto.sign(key, message)).toBe(expected.toString("base64url"));
        expect(await webCrypto.verify(key, message, Uint8Array.from(expected))).toBe(true);
      }),
    );
  });

  it("give the answer of RFC 4231, test case 1", async () => {
    const padded = Uint8Array.from({ length: 32 }, (_, index) => (index < 20 ? 0x0b : 0));
    const signature = await webCrypto.sign(await webCrypto.importKey(padded, "mac"), "Hi There");
    expect(hex(macOf(signature))).toBe("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  });

  it("refuse every single flipped bit of the message and of the mac", async () => {
    const key = await webCrypto.importKey(KEY, "mac");
    const mac = macOf(await webCrypto.sign(key, MESSAGE));
    for (let bit = 0; bit < 8; bit++) {
      for (let at = 0; at < MESSAGE.length; at++) {
        const other = String.fromCharCode(MESSAGE.charCodeAt(at) ^ (1 << bit));
        expect(await webCrypto.verify(key, MESSAGE.slice(0, at) + other + MESSAGE.slice(at + 1), mac)).toBe(false);
      }
      for (const at of mac.keys()) expect(await webCrypto.verify(key, MESSAGE, flipped(mac, at, 1 << bit))).toBe(false);
    }
  });

  it("refuse another key, a shortened mac and an empty one", async () => {
    const key = await webCrypto.importKey(KEY, "mac");
    const mac = macOf(await webCrypto.sign(key, MESSAGE));
    expect(await webCrypto.verify(await webCrypto.importKey(OTHER_KEY, "mac"), MESSAGE, mac)).toBe(false);
    expect(await webCrypto.verify(key, MESSAGE, mac.slice(0, 16))).toBe(false);
    expect(await webCrypto.verify(key, MESSAGE, new Uint8Array(0))).toBe(false);
  });
});

/** A content key, wrapped by this key. */
const made = async (wrapping = KEY) => webCrypto.makeContentKey(await webCrypto.importKey(wrapping, "wrap"));

describe("webCrypto.makeContentKey() and webCrypto.unwrap()", () => {
  it("make a key of 32 bytes that cannot be exported and does nothing but encrypt and decrypt", async () => {
    const { key, wrapped } = await made();
    const unwrapped = (await webCrypto.unwrap(await webCrypto.importKey(KEY, "wrap"), wrapped)) as CryptoKey;
    for (const { algorithm, extractable, usages } of [key, unwrapped]) {
      expect(algorithm).toEqual({ name: "AES-GCM", length: 256 });
      expect(extractable).toBe(false);
      expect([...usages].sort()).toEqual(["decrypt", "encrypt"]);
    }
    await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
  });

  it("give the same key", async () => {
    const { key, wrapped } = await made();
    const unwrapped = await webCrypto.unwrap(await webCrypto.importKey(KEY, "wrap"), wrapped);
    const sealed = await webCrypto.seal(key, PLAINTEXT, AAD);
    expect(await webCrypto.open(unwrapped as CryptoKey, sealed, AAD)).toEqual(PLAINTEXT);
  });

  it("make another key each time", async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => made()));
    expect(new Set(all.map(({ wrapped }) => hex(wrapped))).size).toBe(50);
  });

  it("wrap as Node unwraps with id-aes256-wrap", async () => {
    const { key, wrapped } = await made();
    expect(wrapped).toHaveLength(40);
    const unwrap = createDecipheriv("id-aes256-wrap", KEY, Buffer.alloc(8, 0xa6));
    const contentKey = Buffer.concat([unwrap.update(wrapped), unwrap.final()]);
    expect(contentKey).toHaveLength(32);
    const { iv, ciphertext, tag } = await webCrypto.seal(key, PLAINTEXT, AAD);
    const decipher = createDecipheriv("aes-256-gcm", contentKey, iv, { authTagLength: 16 });
    decipher.setAAD(AAD);
    decipher.setAuthTag(tag);
    expect(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString()).toBe(MESSAGE);
  });

  it("refuse a wrapped key with any bit flipped, cut short, empty, or wrapped by another key", async () => {
    const key = await webCrypto.importKey(KEY, "wrap");
    const { wrapped } = await made();
    for (let bit = 0; bit < 8; bit++) {
      for (const at of wrapped.keys()) expect(await webCrypto.unwrap(key, flipped(wrapped, at, 1 << bit))).toBeNull();
    }
    for (const bad of [wrapped.slice(0, -8), wrapped.slice(1), new Uint8Array(0), (await made(OTHER_KEY)).wrapped]) {
      expect(await webCrypto.unwrap(key, bad)).toBeNull();
    }
  });

  it("fail where the runtime fails, and give no key then", async () => {
    const { unwrapKey } = crypto.subtle;
    crypto.subtle.unwrapKey = async () => {
      throw new Error("out of order");
    };
    try {
      await expect(made()).rejects.toThrow("out of order");
    } finally {
      crypto.subtle.unwrapKey = unwrapKey;
    }
  });
});

describe("webCrypto.seal() and webCrypto.open()", () => {
  it("give back every plaintext", async () => {
    const { key } = await made();
    await fc.assert(
      fc.asyncProperty(bytes({ maxLength: 500 }), bytes({ maxLength: 50 }), async (plaintext, aad) => {
        const sealed = await webCrypto.seal(key, plaintext, aad);
        expect(await webCrypto.open(key, sealed, aad)).toEqual(plaintext);
      }),
    );
  });

  it("make parts of the lengths that JWE expects", async () => {
    const sealed = await webCrypto.seal((await made()).key, PLAINTEXT, AAD);
    expect(PARTS.map((part) => sealed[part].length)).toEqual([12, PLAINTEXT.length, 16]);
  });

  it("use a new nonce for every message", async () => {
    const { key } = await made();
    const all = await Promise.all(Array.from({ length: 50 }, () => webCrypto.seal(key, PLAINTEXT, AAD)));
    for (const part of PARTS) expect(new Set(all.map((sealed) => hex(sealed[part]))).size).toBe(50);
  });

  it("never use a nonce twice for one key, in a million messages", async () => {
    const { key } = await made();
    // By their first eight bytes: those of a million come twice by chance once in 30 million runs.
    const nonces = new BigUint64Array(1_000_000);
    const seal = async (message: number) => {
      const { iv } = await webCrypto.seal(key, AAD, AAD);
      nonces[message] = new DataView(iv.buffer, iv.byteOffset).getBigUint64(0);
    };
    for (let first = 0; first < nonces.length; first += 1000) {
      await Promise.all(Array.from({ length: 1000 }, (_, index) => seal(first + index)));
    }
    nonces.sort();
    expect(nonces.filter((nonce, index) => nonce === nonces[index - 1])).toHaveLength(0);
  }, 240_000);

  it.each(PARTS)("refuse every single flipped byte of the part %s", async (part) => {
    const { key } = await made();
    const sealed: Sealed = await webCrypto.seal(key, PLAINTEXT, AAD);
    for (const at of sealed[part].keys()) {
      expect(await webCrypto.open(key, { ...sealed, [part]: flipped(sealed[part], at) }, AAD)).toBeNull();
    }
  });

  it.each(PARTS)("refuse a part %s that is cut short, empty, or of another message of the same key", async (part) => {
    const { key } = await made();
    const sealed = await webCrypto.seal(key, PLAINTEXT, AAD);
    const other = await webCrypto.seal(key, PLAINTEXT, AAD);
    for (const bad of [sealed[part].slice(0, -1), new Uint8Array(0), other[part]]) {
      expect(await webCrypto.open(key, { ...sealed, [part]: bad }, AAD)).toBeNull();
    }
  });

  it("refuse another key and other additional data", async () => {
    const { key } = await made();
    const sealed = await webCrypto.seal(key, PLAINTEXT, AAD);
    expect(await webCrypto.open((await made()).key, sealed, AAD)).toBeNull();
    for (const at of AAD.keys()) expect(await webCrypto.open(key, sealed, flipped(AAD, at))).toBeNull();
    expect(await webCrypto.open(key, sealed, new Uint8Array(0))).toBeNull();
  });
});
