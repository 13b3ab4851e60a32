/**
 * A bounded memory of tokens already opened, so that the next request with the same cookie needs no cryptography.
 *
 * It keeps what the cryptography proved, and nothing else: times and the store are asked again at every hit.
 *
 * @module
 */
import { decodeUtf8, encodeUtf8 } from "../ground/encoding.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { Claims } from "./claims.ts";
import type { Opened, TokenCodec, TokenFault } from "./codec.ts";

/** How much the memory holds at most. What was used lately stays: the latest half of it, whether counted or weighed. */
export interface MemoryLimits {
  readonly tokens: number;
  /** All that is held, as V8 takes it for 64 bits: with what finds it, and rather too much than too little. */
  readonly bytes: number;
}

/** A token that was opened. */
interface Remembered {
  readonly token: string;
  readonly opened: Opened;
  /** What it takes. Counted once: it is asked for again when the token is used. */
  readonly bytes: number;
}

/** A codec that remembers. */
export interface RememberingCodec extends TokenCodec {
  /** Drops one token, as when its session ends. */
  forget(token: string): void;
}

/** Puts a memory before a codec. Claims hold texts and numbers and are frozen, so no request can change another's. */
export function rememberTokens(codec: TokenCodec, limits: MemoryLimits): RememberingCodec {
  // Two generations, each with half of the room. What is used goes to the young one; when that is full, the old one goes as a
  // whole. To find and drop one token at a time would cost more than all the rest.
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
      // A token of an older key is made again soon, so it is not worth remembering.
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

/** A string of its own: a piece cut out of a Cookie header would keep the whole header in memory. */
function ownCopy(text: string): string {
  return decodeUtf8(encodeUtf8(text)) as string;
}

/** A user's name as the application read it may be a piece of a whole form. Not by UTF-8, which cannot write every text. */
const ownSubject = (claims: Claims): Claims =>
  claims.sub === undefined ? claims : { ...claims, sub: JSON.parse(JSON.stringify(claims.sub)) };

/**
 * What tokens are looked up by: their end, where signature or tag are, since to hash the whole takes as long as to parse its data.
 * What is found must be the same token in every character.
 */
function tailOf(token: string): string {
  return token.slice(-43);
}

/**
 * What an entry takes besides the characters of its texts, in bytes, measured in Node: its objects and those of its claims 190, the
 * headers of three texts and the piece that it is looked up by 100, its place in a Map 28 to 56.
 */
const BOOKKEEPING = 360;

const entryOf = (token: string, opened: Opened): Remembered => {
  const { sub, route, data } = opened.claims;
  return { token, opened, bytes: BOOKKEEPING + token.length + bytesOf(sub) + bytesOf(route) + bytesOf(data) };
};

/** V8 keeps a text with one byte for each character where no character needs two, and knows without looking where that is so. */
const bytesOf = (text = ""): number => text.length * (/[^\0-\xff]/.test(text) ? 2 : 1);
