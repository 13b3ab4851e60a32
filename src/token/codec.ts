/**
 * The TokenCodec contract: how claims become the text of a cookie, and how that text becomes claims again.
 *
 * @module
 */
import type { CookieValues } from "../cookie/parse.ts";
import { decodeUtf8 } from "../ground/encoding.ts";
import { type Claims, claimsFromJson } from "./claims.ts";

/** An opened token: it is ours and unchanged. Whether it is still valid is not checked here. */
export interface Opened {
  /** What the token says. */
  readonly claims: Claims;
  /** The public id of the key that opened it, if that is not the key that writes. The token is then made again. */
  readonly olderKey?: string;
  /**
   * For the option `accept`: a text for what the token proves and who made it. It must be the same for the same token
   * however that is spelled, and differ for all others, so it must not include anything that can change without the
   * key, such as the spelling of a signature. A token is redeemed once per identity. Null if the token names neither a
   * user nor a session, so that two visitors may have equal ones: it is then copied each time. Default: the claims.
   */
  readonly identity?: string | null;
  /** For the option `accept`: true if the token has no expiry and `claims.exp` is counted from now. */
  readonly endless?: true;
}

/**
 * Why a text is not a token of ours: `malformed` (wrong form), `unknown-key` (made with a key not in use, or by
 * something else), `forged` (changed after it was made), `claims` (ours, but without valid session claims).
 */
export type TokenFault = "malformed" | "unknown-key" | "forged" | "claims";

/**
 * Makes and opens tokens.
 *
 * - `open` gets whatever a client sent, at most 4096 characters. It never throws because of it, but returns a fault.
 * - `open` decides by its own keys only, not by an algorithm or a key location in the token.
 * - `seal` returns characters that a cookie value may have, and `open` opens what it returns.
 * - Both may return a value or a promise.
 */
export interface TokenCodec {
  /** For the option `accept`: keeps tokens apart from those of other codecs that prove the same. Default: `"codec"`. */
  readonly name?: string;
  /**
   * For the option `accept`: true if a token without data names a session in the store by its `sid`. Only for tokens
   * that this library made for sessions in the same store. A foreign codec returns the data, and its `open` may load
   * it. Default: false.
   */
  readonly namesSessions?: boolean;
  /**
   * Finds the tokens in a Cookie header, if they are in another cookie or spread over several. `name` is the session's
   * own cookie, the one for visitors. Default: the values of the session's own cookies.
   */
  find?(header: string | null, name: string): CookieValues;
  /** Returns the Set-Cookie lines that remove its cookie, for codecs in `accept` with a cookie of their own. */
  clear?(): string[];
  /** Returns what a token says, or why it is not ours. */
  open(token: string): Opened | TokenFault | Promise<Opened | TokenFault>;
  /** Returns the token for these claims. */
  seal(claims: Claims): string | Promise<string>;
}

export function openedFrom(payload: Uint8Array, olderKey: string | undefined): Opened | TokenFault {
  const text = decodeUtf8(payload);
  const claims = text === null ? null : claimsFromJson(text);
  if (claims === null) return "claims";
  return olderKey === undefined ? { claims } : { claims, olderKey };
}
