/** base64url and UTF-8: one spelling for every value, and nothing else is read. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8, utf8Length } from "../../../src/ground/encoding.ts";

const anyUtf16 = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

const NodeBuffer = Buffer;

// Where the runtime has Uint8Array.prototype.toBase64, the portable suite tests that.
describe.each(["with Buffer", "without Buffer"])("encodeBase64url() in a runtime %s", (runtime) => {
  beforeEach(() => void (runtime === "without Buffer" && vi.stubGlobal("Buffer", undefined)));
  afterEach(() => void vi.unstubAllGlobals());

  it.each([
    ["", ""],
    ["f", "Zg"],
    ["fo", "Zm8"],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg"],
    ["fooba", "Zm9vYmE"],
    ["foobar", "Zm9vYmFy"],
  ])("writes %j as RFC 4648 does, without padding", (text, expected) => {
    expect(encodeBase64url(encodeUtf8(text))).toBe(expected);
  });

  it("writes - and _ where base64 has + and /", () => {
    expect(encodeBase64url(Uint8Array.of(0xfb, 0xff, 0xbf))).toBe("-_-_");
  });

  it("writes what Buffer writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(encodeBase64url(bytes)).toBe(NodeBuffer.from(bytes).toString("base64url"));
      }),
    );
  });

  it("looks only at the bytes of a view, not at the buffer behind it", () => {
    expect(encodeBase64url(Uint8Array.of(0xff, 0x66, 0x6f, 0xff).subarray(1, 3))).toBe("Zm8");
  });
});

describe("decodeBase64url()", () => {
  it("gives back every byte that was encoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes);
      }),
    );
  });

  it("reads the empty text as no bytes", () => {
    expect(decodeBase64url("")).toEqual(new Uint8Array(0));
  });

  it.each([
    ["one character", "A"],
    ["five characters", "AAAAA"],
    ["padding", "Zg=="],
    ["one padding character", "Zm8="],
    ["padding where none is due", "Zm9v="],
    ["padding alone", "===="],
    ["the + of plain base64", "Zm+v"],
    ["the / of plain base64", "Zm/v"],
    ["a space", "Zm 9"],
    ["a space before", " Zm9v"],
    ["a line break after", "Zm9v\n"],
    ["a NUL", "Zm9\0"],
    ["a dot", "Zm.v"],
    ["the last character of ASCII", "Zm9\u007f"],
    ["a character just outside ASCII", "Zm9\u0080"],
    ["a character whose low byte is a letter", "Zm9\u0141"],
    ["a lone surrogate", "Zm9\ud800"],
    ["an emoji", "Zm😀"],
    ["leftover bits after one byte", "Zh"],
    ["every leftover bit after one byte", "Zv"],
    ["a leftover bit after two bytes", "Zm9"],
    ["every leftover bit after two bytes", "Zm_"],
  ])("refuses %s", (_, text) => {
    expect(decodeBase64url(text)).toBeNull();
  });

  it("reads exactly one spelling of the last character", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const readable = (start: string) => [...alphabet].filter((last) => decodeBase64url(start + last) !== null).join("");
    expect(readable("Z")).toBe("AQgw");
    expect(readable("Zm")).toBe("AEIMQUYcgkosw048");
    expect(readable("Zm9")).toBe(alphabet);
  });

  it("reads a text only if it is what Buffer writes for the bytes it reads", () => {
    const nearly = fc.string({ unit: fc.constantFrom(..."ABQgwxyz019-_+/= .\n"), maxLength: 12 });
    fc.assert(
      fc.property(fc.oneof(nearly, anyUtf16), (text) => {
        const bytes = Buffer.from(text, "base64url");
        expect(decodeBase64url(text)).toEqual(bytes.toString("base64url") === text ? new Uint8Array(bytes) : null);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("decodeUtf8()", () => {
  it("gives back every well-formed text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
  });

  it("keeps a byte order mark, so that one text has one spelling", () => {
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });

  it.each([
    ["a byte that UTF-8 never has", [0x61, 0xff]],
    ["a continuation without a start", [0x80]],
    ["a start without its continuation", [0xc3]],
    ["an emoji cut short", [0xf0, 0x9f, 0x98]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong NUL", [0xc0, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ])("refuses %s", (_, bytes) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBeNull();
  });
});

describe("encodeUtf8()", () => {
  it("writes a lone surrogate as the replacement character", () => {
    expect(encodeUtf8("\ud800")).toEqual(Uint8Array.of(0xef, 0xbf, 0xbd));
  });
});

describe("utf8Length()", () => {
  it("counts the bytes that Buffer counts", () => {
    fc.assert(
      fc.property(anyUtf16, (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text, "utf8"));
      }),
    );
  });
});
