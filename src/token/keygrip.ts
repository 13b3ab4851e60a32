/**
 * Koa's tokens: a value in one cookie, and its Keygrip signature in `<name>.sig`. KeygripValues define the value.
 *
 * @module
 */
import { type CookieValues, everyCookieValue, MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import { cannot } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { Claims } from "./claims.ts";
import type { Opened, TokenCodec, TokenFault } from "./codec.ts";

/** Signs and verifies text like the `keygrip` package: the first key signs, all of them verify. */
export interface Signer {
  sign(text: string): string;
  /** The index of the key that made the signature, or -1. */
  index(text: string, signature: string): MaybePromise<number>;
}

/** How a package's cookie values are read and written. */
export interface KeygripValues {
  /** Reads a value whose signature is valid. */
  read(value: string): MaybePromise<Opened | TokenFault>;
  write(claims: Claims): string;
}

export interface KeygripOptions {
  readonly name: string;
  /** Null for unsigned cookies. Undefined if cookies should be signed but the application set no keys. */
  readonly signer: Signer | null | undefined;
  readonly values: KeygripValues;
}

/** The most pairs that a request may bring. */
const MAX_PAIRS = 4;
/** Between value and signature in a token's text. Neither can contain it. */
const SEPARATOR = "\n";

/** A token's cookie value and its signature, which is empty if it is unsigned. */
export function splitKeygripToken(token: string): { readonly value: string; readonly signature: string } {
  const at = token.lastIndexOf(SEPARATOR);
  return { value: token.slice(0, at), signature: token.slice(at + 1) };
}

/** Tokens in a pair of cookies. Making them is synchronous. Opening them is too, if the signer and the values are. */
export function keygripTokens({ name, signer, values }: KeygripOptions): TokenCodec {
  function find(header: string | null): CookieValues {
    const found = everyCookieValue(header, name, MAX_PAIRS + 1);
    const signatures = everyCookieValue(header, `${name}.sig`, MAX_PAIRS + 1);
    // Browsers send both cookies in the same order, so the positions match.
    const pairs = found.map((value, index) => ({ value, token: value + SEPARATOR + (signatures[index] ?? "") }));
    const short = pairs.filter(({ value }) => name.length + value.length <= MAX_COOKIE_BYTES);
    const tokens = [...new Set(short.map(({ token }) => token))];
    return { values: tokens, oversize: short.length < found.length, tooMany: found.length > MAX_PAIRS };
  }

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const { value, signature } = splitKeygripToken(token);
    const given = required(signer);
    if (given === null) return values.read(value);
    if (signature === "") return "malformed";
    return after(given.index(`${name}=${value}`, signature), (index) => {
      if (index < 0) return "forged";
      return index === 0 ? values.read(value) : after(values.read(value), (opened) => byOlderKey(opened, index));
    });
  }

  function seal(claims: Claims): string {
    const value = values.write(claims);
    const given = required(signer);
    return value + SEPARATOR + (given === null ? "" : given.sign(`${name}=${value}`));
  }

  return { find, open, seal };
}

function byOlderKey(opened: Opened | TokenFault, index: number): Opened | TokenFault {
  return typeof opened === "string" ? opened : { olderKey: `app.keys[${index}]`, ...opened };
}

function required(signer: Signer | null | undefined): Signer | null {
  if (signer !== undefined) return signer;
  const way =
    "Is its environment variable set? Make a key with: npx web-session-store keygen. Or give secrets to session() of web-session-store/koa";
  cannot("sign the session cookie", `app.keys holds no key. ${way}`);
}
