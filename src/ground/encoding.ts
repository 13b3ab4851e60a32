/**
 * Bytes and text: base64url in its one canonical spelling, and UTF-8 that refuses what is not UTF-8.
 *
 * @module
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Uint8Array(128).fill(255);
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/Uint8Array/toBase64 */
interface NativeBase64 {
  toBase64?(options: { alphabet: "base64url"; omitPadding: true }): string;
}

/** What stands for it in Node 24, which does not have it yet. */
interface NodeBase64 {
  Buffer?: { from(bytes: ArrayBufferLike, offset: number, length: number): { toString(encoding: "base64url"): string } };
}

const UNPADDED = { alphabet: "base64url", omitPadding: true } as const;
const { Buffer } = globalThis as NodeBase64;

/** Bytes as base64url without padding (RFC 4648, section 5). */
export const encodeBase64url = (bytes: Uint8Array): string =>
  (bytes as NativeBase64).toBase64?.(UNPADDED) ??
  Buffer?.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url") ??
  btoa(binaryText(bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Bytes as a text of one character for each. */
export function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * The bytes of a base64url text, or null when it is not the canonical spelling of any bytes: foreign characters, padding,
 * an impossible length, or leftover bits that are not zero. One value has one text, so a signed text cannot be varied.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  const rest = text.length % 4;
  if (rest === 1) return null;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let o = 0;
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)];
    if (value === undefined || value === 255) return null;
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[o++] = bits >> held;
      bits &= (1 << held) - 1;
    }
  }
  return bits === 0 ? out : null;
}

/** Text as UTF-8 bytes. */
export const encodeUtf8 = (text: string): Uint8Array<ArrayBuffer> => utf8.encode(text);

/** The text of UTF-8 bytes, or null when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

/** How many bytes a text takes in UTF-8. */
export const utf8Length = (text: string): number => utf8.encode(text).length;
