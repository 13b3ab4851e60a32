/**
 * A bounded memory of tokens already opened, so that the next request with the same cookie needs no cryptography.
 *
 * It keeps what the cryptography proved, and nothing else: times and the store are asked again at every hit.
 *
 * @module
 */
import { decodeUtf8, encodeUtf8 } from "../encoding.ts";
import { after, type MaybePromise } from "../maybe-promise.ts";
import type { Claims } from "./claims.ts";
import type { Opened, TokenCodec, TokenFault } from "./codec.ts";

/** How much the memory holds at most. The tokens not used for longest go first, give or take a quarter of them. */
export interface MemoryLimits {
  readonly tokens: number;
  readonly bytes: number;
}

/** A token that was opened, and how many hits there had been when it was last put at the end. */
interface Remembered {
  readonly token: string;
  readonly opened: Opened;
  movedAt: number;
}

/** A codec that remembers. */
export interface RememberingCodec extends TokenCodec {
  /** Drops one token, as when its session ends. */
  forget(token: string): void;
}

/** Puts a memory before a codec. Claims hold texts and numbers and are frozen, so no request can change another's. */
export function rememberTokens(codec: TokenCodec, limits: MemoryLimits): RememberingCodec {
  // In the order of use, nearly: to put an entry last at every hit would cost more than the rest of it.
  const known = new Map<string, Remembered>();
  let bytes = 0;
  let hits = 0;

  function forget(token: string): void {
    const found = known.get(tailOf(token));
    if (found?.token === token) drop(found);
  }

  function drop({ token, opened }: Remembered): void {
    known.delete(tailOf(token));
    bytes -= weight(token, opened);
  }

  function remember(token: string, opened: Opened): void {
    if (weight(token, opened) > limits.bytes) return;
    const before = known.get(tailOf(token));
    if (before !== undefined) drop(before);
    known.set(tailOf(token), { token, opened, movedAt: hits });
    bytes += weight(token, opened);
    for (const oldest of known.values()) {
      if (known.size <= limits.tokens && bytes <= limits.bytes) break;
      drop(oldest);
    }
  }

  function moveLast(found: Remembered): void {
    known.delete(tailOf(found.token));
    known.set(tailOf(found.token), found);
    found.movedAt = hits;
  }

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const found = known.get(tailOf(token));
    if (found?.token === token) {
      if (++hits - found.movedAt > known.size / 4) moveLast(found);
      return found.opened;
    }
    return after(codec.open(token), (result) => {
      // A token of an older key is made again soon, so it is not worth remembering.
      if (typeof result !== "string" && result.olderKey === undefined) remember(ownCopy(token), result);
      return result;
    });
  }

  function seal(claims: Claims): MaybePromise<string> {
    return after(codec.seal(claims), (token) => {
      remember(token, { claims: Object.freeze(claims) });
      return token;
    });
  }

  return { ...codec, open, seal, forget };
}

/** A string of its own: a piece cut out of a Cookie header would keep the whole header in memory. */
function ownCopy(text: string): string {
  return decodeUtf8(encodeUtf8(text)) as string;
}

/**
 * What tokens are looked up by: their end, where signature or tag are, since to hash the whole takes as long as to parse its data.
 * What is found must be the same token in every character.
 */
function tailOf(token: string): string {
  return token.slice(-43);
}

/** About the bytes an entry takes: both texts, and the bookkeeping. */
function weight(token: string, { claims }: Opened): number {
  return token.length + (claims.data?.length ?? 0) * 2 + 300;
}
