/** HMAC from one-shot hashes: byte for byte what Node's own createHmac gives. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HmacKey } from "../../../src/token/node-hmac.ts";

const ALGORITHMS = ["sha1", "sha256"] as const;
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 300 });

describe.each(ALGORITHMS)("HmacKey with %s", (algorithm) => {
  const expected = (key: Uint8Array, text: string) => createHmac(algorithm, key).update(text).digest();

  it("signs and checks as createHmac does, for keys and texts of any length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), fc.array(anyText, { minLength: 1, maxLength: 5 }), (bytes, texts) => {
        const key = new HmacKey(algorithm, bytes);
        for (const text of texts) {
          const mac = expected(bytes, text);
          expect(key.sign(text)).toBe(mac.toString("base64url"));
          expect(key.verify(text, mac)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([63, 64, 65])("takes a key of %i bytes", (length) => {
    const bytes = new Uint8Array(length).fill(0xa5);
    expect(new HmacKey(algorithm, bytes).sign("text")).toBe(expected(bytes, "text").toString("base64url"));
  });

  it("signs short texts after long ones, and long ones after short ones", () => {
    const bytes = new Uint8Array(32).fill(7);
    const key = new HmacKey(algorithm, bytes);
    for (const length of [0, 5000, 1, 4096, 1365, 1366, 100_000, 2]) {
      const text = "€".repeat(length);
      expect(key.sign(text)).toBe(expected(bytes, text).toString("base64url"));
    }
  });

  it("refuses a signature of another text, key, hash or length", () => {
    const bytes = new Uint8Array(32).fill(7);
    const key = new HmacKey(algorithm, bytes);
    const other = algorithm === "sha1" ? "sha256" : "sha1";
    const mac = expected(bytes, "text");
    expect(key.verify("text", mac)).toBe(true);
    for (const wrong of [
      ...[expected(bytes, "texT"), expected(new Uint8Array(32), "text"), createHmac(other, bytes).update("text").digest()],
      ...[mac.subarray(1), Buffer.concat([mac, Buffer.of(0)]), new Uint8Array(0)],
    ]) {
      expect(key.verify("text", wrong)).toBe(false);
    }
  });

  it("does not change with the bytes that it was made from", () => {
    const bytes = new Uint8Array(32).fill(7);
    const key = new HmacKey(algorithm, bytes);
    const before = key.sign("text");
    bytes.fill(0);
    expect(key.sign("text")).toBe(before);
  });
});

describe("HmacKey", () => {
  it.each([
    ["sha1", "b617318655057264e28bc0b6fb378c8ef146be00"],
    ["sha256", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  ] as const)("gives the first answer of RFC 2202 and RFC 4231 with %s", (algorithm, expected) => {
    const key = new HmacKey(algorithm, new Uint8Array(20).fill(0x0b));
    expect(Buffer.from(key.sign("Hi There"), "base64url").toString("hex")).toBe(expected);
  });

  it("shows nothing of the key to who prints it", async () => {
    const { inspect } = await import("node:util");
    const key = new HmacKey("sha256", new Uint8Array(32).fill(7));
    key.sign("text");
    expect(inspect(key, { depth: 5, showHidden: true })).toBe("HmacKey {}");
    expect(JSON.stringify(key)).toBe("{}");
  });
});
