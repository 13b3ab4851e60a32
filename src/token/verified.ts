/**
 * A bounded cache of opened tokens, so that the next request with the same cookie needs no cryptography.
 *
 * It holds only what the cryptography proved. Times and the store are checked on every hit.
 *
 * @module
 */
import { decodeUtf8, encodeUtf8 } from "../ground/encoding.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { Claims } from "./claims.ts";
import type { Opened, TokenCodec, TokenFault } from "./codec.ts";

/** The cache's limits. The most recently used half always stays, by count and by size. */
export interface MemoryLimits {
  readonly tokens: number;
  /** The total size on 64-bit V8, including lookup structures, rather over- than underestimated. */
  readonly bytes: number;
}

interface Remembered {
  readonly token: string;
  readonly opened: Opened;
  /** Its size. Stored, as it is needed again when the token is used. */
  readonly bytes: number;
}

export interface RememberingCodec extends TokenCodec {
  /** Drops a token, for example when its session ends. */
  forget(token: string): void;
}

/**
 * Puts a cache in front of a codec. Claims hold strings and numbers and are frozen, so requests cannot affect each
 * other.
 */
export function rememberTokens(codec: TokenCodec, limits: MemoryLimits): RememberingCodec {
  // Two generations, each with half of the room. What is used moves to the young one. When that is full, the old one is
  // dropped as a whole. Finding and dropping single tokens would cost more than everything else here.
  let young = new Map<string, Remembered>();
  let old = new Map<string, Remembered>();
  let bytes = 0;

  function find(token: string): Remembered | undefined {
    const tail = tailOf(token);
    const found = young.get(tail);
    if (found?.token === token) return found;
    const older = old.get(tail);
    if (older?.token !== token) return undefined;
    remember(older);
    return older;
  }

  function remember(entry: Remembered): void {
    const { token, bytes: size } = entry;
    if (limits.tokens < 2 || size > limits.bytes / 2) return;
    drop(token);
    if (young.size + 1 > limits.tokens / 2 || bytes + size > limits.bytes / 2) {
      old = young;
      young = new Map();
      bytes = 0;
    }
    young.set(tailOf(token), entry);
    bytes += size;
  }

  function drop(token: string): void {
    const tail = tailOf(token);
    const found = young.get(tail);
    if (found?.token === token) {
      young.delete(tail);
      bytes -= found.bytes;
    }
    if (old.get(tail)?.token === token) old.delete(tail);
  }

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const found = find(token);
    if (found !== undefined) return found.opened;
    return after(codec.open(token), (result) => {
      // A token of an older key is replaced soon, so it is not worth caching.
      if (typeof result !== "string" && result.olderKey === undefined) remember(entryOf(ownCopy(token), result));
      return result;
    });
  }

  function seal(claims: Claims): MaybePromise<string> {
    return after(codec.seal(claims), (token) => {
      remember(entryOf(token, { claims: Object.freeze(ownSubject(claims)) }));
      return token;
    });
  }

  return { ...codec, open, seal, forget: drop };
}

/** A copy: a substring of a Cookie header would keep the whole header in memory. */
function ownCopy(text: string): string {
  return decodeUtf8(encodeUtf8(text)) as string;
}

/** Copies the subject, which may be a substring of a whole form. Not by UTF-8, which cannot encode every string. */
const ownSubject = (claims: Claims): Claims =>
  claims.sub === undefined ? claims : { ...claims, sub: JSON.parse(JSON.stringify(claims.sub)) };

/**
 * The lookup key: the token's end, which is its signature or tag. Hashing the whole token takes as long as parsing its
 * data. The whole token is compared afterwards.
 */
function tailOf(token: string): string {
  return token.slice(-43);
}

/**
 * The bytes of an entry besides its strings' characters, measured in Node: 190 for its objects and those of its claims,
 * 100 for the headers of three strings and the lookup key, 28 to 56 for its place in a Map.
 */
const BOOKKEEPING = 360;

const entryOf = (token: string, opened: Opened): Remembered => {
  const { sub, route, data } = opened.claims;
  return { token, opened, bytes: BOOKKEEPING + token.length + bytesOf(sub) + bytesOf(route) + bytesOf(data) };
};

/** V8 stores one byte per character if none needs two, and knows that without scanning. */
const bytesOf = (text = ""): number => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1);
