/**
 * The TokenCodec contract: how claims become the text of a cookie, and how a text becomes claims again.
 *
 * @module
 */
import type { CookieValues } from "../cookie/parse.ts";
import { decodeUtf8 } from "../ground/encoding.ts";
import { type Claims, claimsFromJson } from "./claims.ts";

/** A token that was opened: it is ours, and nobody changed it. Whether it is still valid is not decided here. */
export interface Opened {
  /** What it says. */
  readonly claims: Claims;
  /** The public id of the key that opened it, when that is not the key that writes: the token should be made again. */
  readonly olderKey?: string;
  /**
   * For codecs that are accepted: what the token proves, and who made it, as one text: the same for the same token however it is
   * spelled, and for no other. Nothing that can be changed without the key, like the spelling of a signature, may be in it. By it a
   * token is redeemed once. Null for a token that names neither a user nor a session, so that two visitors may have the same: such a
   * token is copied each time. Default: the claims.
   */
  readonly identity?: string | null;
  /** For codecs that are accepted: true where the token itself says no end, and `claims.exp` is counted from now. */
  readonly endless?: true;
}

/**
 * Why a text is no token of ours: `malformed` (not the form), `unknown-key` (made with a key that is not in use, or by
 * something else), `forged` (changed after it was made), `claims` (ours, but it does not say what a session token says).
 */
export type TokenFault = "malformed" | "unknown-key" | "forged" | "claims";

/**
 * Makes and opens tokens.
 *
 * - `open` gets whatever a client sent, at most 4096 characters. It never throws for it: it answers with a fault.
 * - `open` decides by its own keys and nothing in the token: not the algorithm, not where a key is.
 * - `seal` answers with characters a cookie value may have, and what it makes, `open` opens.
 * - Both may answer at once or with a promise.
 */
export interface TokenCodec {
  /** For codecs that are accepted: keeps their tokens apart from those of another codec that prove the same. Default `"codec"`. */
  readonly name?: string;
  /**
   * For codecs that are accepted: true where a token without data names a session in the store by its `sid`. Only for tokens that this
   * library made for sessions in the same store. A foreign codec answers with data: `open` may load it. Default false.
   */
  readonly namesSessions?: boolean;
  /**
   * Finds the tokens in a Cookie header, for tokens of another cookie, or spread over several. `name` is the session's own cookie, that of
   * visitors. Default: the values of the session's own cookies.
   */
  find?(header: string | null, name: string): CookieValues;
  /** The Set-Cookie lines that remove its cookie, for a codec that finds its tokens in a cookie of its own and is only accepted. */
  clear?(): string[];
  /** What a token says, or why it is none of ours. */
  open(token: string): Opened | TokenFault | Promise<Opened | TokenFault>;
  /** The token that says this. */
  seal(claims: Claims): string | Promise<string>;
}

/** What a codec answers once the cryptography has proved a payload. */
export function openedFrom(payload: Uint8Array, olderKey: string | undefined): Opened | TokenFault {
  const text = decodeUtf8(payload);
  const claims = text === null ? null : claimsFromJson(text);
  if (claims === null) return "claims";
  return olderKey === undefined ? { claims } : { claims, olderKey };
}
