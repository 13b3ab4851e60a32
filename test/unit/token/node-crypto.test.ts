/** The primitives on node:crypto give the same bytes as Web Crypto, and open what it made. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import Keygrip from "keygrip";
import { describe, expect, it } from "vitest";
import { keygripSigner, nodePrimitives } from "../../../src/token/node-crypto.ts";
import { type Primitives, type Sealed, webCrypto } from "../../../src/token/web-crypto.ts";
import { SECRET } from "../../support/secrets.ts";

const bytes = (minLength = 0) => fc.uint8Array({ minLength, maxLength: 400 }).map((array) => Uint8Array.from(array));
const hex = (array: Uint8Array | null) => array && Buffer.from(array).toString("hex");

const nodeCrypto = nodePrimitives();

function changed(array: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(array, (byte, index) => (index === at ? byte ^ 1 : byte));
}

describe("nodePrimitives()", () => {
  it("derives the same keys and makes the same signatures as Web Crypto", async () => {
    const text = fc.string({ unit: "binary", maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(bytes(1), bytes(), text, fc.integer({ min: 1, max: 64 }), async (secret, info, message, length) => {
        expect(hex(await nodeCrypto.derive(secret, info, length))).toBe(hex(await webCrypto.derive(secret, info, length)));
        const key = await webCrypto.derive(secret, info, 32);
        const [ours, theirs] = [await nodeCrypto.importKey(key, "mac"), await webCrypto.importKey(key, "mac")];
        const signature = await webCrypto.sign(theirs, message);
        expect(await nodeCrypto.sign(ours, message)).toBe(signature);
        const mac = Uint8Array.from(Buffer.from(signature, "base64url"));
        expect(await nodeCrypto.verify(ours, message, mac)).toBe(true);
        expect(await nodeCrypto.verify(ours, message, mac.slice(1))).toBe(false);
        mac[0] = (mac[0] as number) ^ 1;
        expect(await nodeCrypto.verify(ours, message, mac)).toBe(false);
      }),
    );
  });

  for (const [how, from, to] of [
    ["opens what Web Crypto sealed", webCrypto, nodeCrypto],
    ["seals what Web Crypto opens", nodeCrypto, webCrypto],
  ] as [string, Primitives, Primitives][]) {
    it(`${how}, and refuses it with any byte changed`, async () => {
      const raw = Uint8Array.from({ length: 32 }, (_, index) => index);
      const [sealing, opening] = [await from.importKey(raw, "wrap"), await to.importKey(raw, "wrap")];
      const { key, wrapped } = await from.makeContentKey(sealing);
      expect(wrapped).toHaveLength(40);
      const unwrapped = await to.unwrap(opening, wrapped);
      for (const at of wrapped.keys()) expect(await to.unwrap(opening, changed(wrapped, at))).toBeNull();
      for (const length of [0, 8, 16, 39]) expect(await to.unwrap(opening, wrapped.slice(0, length))).toBeNull();
      for (const length of [0, 1, 5, 16, 4000]) {
        const [text, aad] = [Uint8Array.from({ length }, (_, index) => index), Uint8Array.of(9, 9)];
        const sealed = await from.seal(key, text, aad);
        expect(hex(await to.open(unwrapped, sealed, aad))).toBe(hex(text));
        if (length > 16) continue;
        for (const part of ["iv", "ciphertext", "tag"] as const) {
          for (const at of sealed[part].keys()) {
            expect(await to.open(unwrapped, { ...sealed, [part]: changed(sealed[part], at) }, aad)).toBeNull();
          }
        }
        expect(await to.open(unwrapped, sealed, Uint8Array.of(9))).toBeNull();
      }
    });
  }

  it("never draws a nonce twice for one key, in a million messages", () => {
    const { key } = nodeCrypto.makeContentKey(nodeCrypto.importKey(new Uint8Array(32).fill(7), "wrap")) as { key: unknown };
    const [text, aad] = [Uint8Array.of(1), Uint8Array.of(9)];
    // By their first eight bytes: those of a million come twice by chance once in 30 million runs.
    const nonces = new BigUint64Array(1_000_000);
    for (let message = 0; message < nonces.length; message++) {
      const { iv } = nodeCrypto.seal(key, text, aad) as Sealed;
      nonces[message] = new DataView(iv.buffer, iv.byteOffset).getBigUint64(0);
    }
    nonces.sort();
    expect(nonces.filter((nonce, index) => nonce === nonces[index - 1])).toHaveLength(0);
  }, 120_000);
});

describe("keygripSigner()", () => {
  const keys = [SECRET, "an older key", "ünïcode"];

  it("signs and checks as the keygrip package does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("sha1", "sha256"), (text, algorithm) => {
        const [ours, theirs] = [keygripSigner(keys, algorithm as "sha1"), new Keygrip(keys, algorithm)];
        expect(ours.sign(text)).toBe(theirs.sign(text));
        for (const [index, key] of keys.entries()) {
          const signature = new Keygrip([key], algorithm).sign(text);
          expect([ours.index(text, signature), theirs.index(text, signature)]).toEqual([index, index]);
        }
      }),
    );
  });

  it("refuses every other text as a signature", () => {
    const signer = keygripSigner(keys, "sha1");
    const good = signer.sign("text");
    const standard = createHmac("sha1", SECRET).update("text").digest("base64");
    for (const signature of ["", "=", good.slice(1), `${good}A`, `${good}=`, `${good}\n`, standard, "é", good.toUpperCase()]) {
      expect(signer.index("text", signature), signature).toBe(-1);
    }
  });
});
