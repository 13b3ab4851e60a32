/** The primitives on node:crypto give the same bytes as Web Crypto, and open what it made. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import Keygrip from "keygrip";
import { describe, expect, it } from "vitest";
import { keygripSigner, nodePrimitives } from "../../../src/token/node-crypto.ts";
import { type Primitives, webCrypto } from "../../../src/token/web-crypto.ts";
import { SECRET } from "../../support/secrets.ts";

const bytes = (minLength = 0) => fc.uint8Array({ minLength, maxLength: 400 }).map((array) => Uint8Array.from(array));
const hex = (array: Uint8Array | null) => array && Buffer.from(array).toString("hex");

const nodeCrypto = nodePrimitives();

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
      const [text, aad] = [Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(9, 9)];
      const sealed = await from.seal(sealing, text, aad);
      expect(hex(await to.open(opening, sealed, aad))).toBe(hex(text));
      for (const part of ["encryptedKey", "iv", "ciphertext", "tag"] as const) {
        for (let at = 0; at < sealed[part].length; at++) {
          const changed = Uint8Array.from(sealed[part]);
          changed[at] = (changed[at] as number) ^ 1;
          expect(await to.open(opening, { ...sealed, [part]: changed }, aad)).toBeNull();
        }
      }
      expect(await to.open(opening, sealed, Uint8Array.of(9))).toBeNull();
    });
  }
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
