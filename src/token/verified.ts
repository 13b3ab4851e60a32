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

/** How much the memory holds at most. The tokens used longest ago go first. */
export interface MemoryLimits {
  readonly tokens: number;
  readonly bytes: number;
}

/** A codec that remembers. */
export interface RememberingCodec extends TokenCodec {
  /** Drops one token, as when its session ends. */
  forget(token: string): void;
}

/** Puts a memory before a codec. Claims hold texts and numbers and are frozen, so no request can change another's. */
export function rememberTokens(codec: TokenCodec, limits: MemoryLimits): RememberingCodec {
  const known = new Map<string, Opened>();
  let bytes = 0;

  function forget(token: string): void {
    const opened = known.get(token);
    if (opened === undefined) return;
    known.delete(token);
    bytes -= weight(token, opened);
  }

  function remember(token: string, opened: Opened): void {
    if (weight(token, opened) > limits.bytes) return;
    forget(token);
    known.set(token, opened);
    bytes += weight(token, opened);
    for (const oldest of known.keys()) {
      if (known.size <= limits.tokens && bytes <= limits.bytes) break;
      forget(oldest);
    }
  }

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const opened = known.get(token);
    if (opened !== undefined) {
      known.delete(token);
      known.set(token, opened);
      return opened;
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

/** About the bytes an entry takes: both texts, and the bookkeeping. */
function weight(token: string, { claims }: Opened): number {
  return token.length + (claims.data?.length ?? 0) * 2 + 300;
}
