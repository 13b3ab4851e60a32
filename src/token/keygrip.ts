/**
 * Koa's tokens: a value in one cookie, and its Keygrip signature in `<name>.sig`. What stands in the value is a matter of who wrote it.
 *
 * @module
 */
import { type CookieValues, everyCookieValue, MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import { cannot } from "../ground/errors.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import type { Claims } from "./claims.ts";
import type { Opened, TokenCodec, TokenFault } from "./codec.ts";

/** Signs and checks text, as the `keygrip` package does: the first key signs, all of them check. */
export interface Signer {
  sign(text: string): string;
  /** Which key made the signature; -1 for none. */
  index(text: string, signature: string): MaybePromise<number>;
}

/** What stands in the values of a package's cookies. */
export interface KeygripValues {
  /** What a value says whose signature is good. */
  read(value: string): MaybePromise<Opened | TokenFault>;
  /** A cookie's value that says this. */
  write(claims: Claims): string;
}

/** What Koa's tokens are made with. */
export interface KeygripOptions {
  readonly name: string;
  /** Null for unsigned cookies; undefined where there should be a signature, but the application set no keys. */
  readonly signer: Signer | null | undefined;
  readonly values: KeygripValues;
}

/** More pairs than this are not looked at. */
const MAX_PAIRS = 4;
/** Stands between value and signature in a token's text; it can be in neither. */
const SEPARATOR = "\n";

/** A token's cookie value and its signature, which is empty when it is unsigned. */
export function splitKeygripToken(token: string): { readonly value: string; readonly signature: string } {
  const at = token.lastIndexOf(SEPARATOR);
  return { value: token.slice(0, at), signature: token.slice(at + 1) };
}

/** Tokens in a pair of cookies. Making them needs no promise, and opening them none where the signer and the values need none. */
export function keygripTokens({ name, signer, values }: KeygripOptions): TokenCodec {
  function find(header: string | null): CookieValues {
    const found = everyCookieValue(header, name, MAX_PAIRS + 1);
    const signatures = everyCookieValue(header, `${name}.sig`, MAX_PAIRS + 1);
    // A signature belongs to the value in the same place: browsers send both cookies in the same order.
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
