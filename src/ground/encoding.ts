/**
 * Bytes and text: strict base64url and strict UTF-8.
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

/** The fallback in Node 24, which lacks toBase64. */
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

/** Bytes as a string with one character per byte. */
export function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * Decodes base64url. Returns null for anything but the canonical form: other characters, padding, an impossible
 * length, or leftover bits that are not zero. A value has only one valid text, so a signed text cannot be varied.
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

/** Decodes UTF-8. Returns null for invalid bytes. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

/** The size of a text in UTF-8. Bytes. */
export const utf8Length = (text: string): number => utf8.encode(text).length;
