/**
 * Secrets: their types, and checks of their strength.
 *
 * @module
 */
import { whereSecretsGo } from "../ground/advice.ts";
import { binaryText, encodeUtf8 } from "../ground/encoding.ts";
import { OptionError } from "../ground/errors.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import { weakness } from "./weak.ts";

/**
 * A secret of at least 32 random bytes: a string, bytes, or a CryptoKey for `HKDF` with the usage `deriveBits`, which
 * need not be extractable. A secret that is easy to guess is refused, except a CryptoKey, which cannot be inspected.
 */
export type Secret = string | Uint8Array | CryptoKey;

/** Secrets that are fetched on first use. Make one with `fetched()` of `web-session-store/secrets`. */
export interface FetchedSecrets {
  /** Internal. */
  readonly "~fetch": () => unknown;
}

/** A secret, a list of secrets (newest first, undefined entries are ignored), or the result of `fetched()`. */
export type Secrets = Secret | readonly (Secret | undefined)[] | FetchedSecrets;

/** A secret that passed the checks. */
export type CheckedSecret = string | Uint8Array<ArrayBuffer> | CryptoKey;

/** Checked secrets, or a function that fetches and checks them. */
export type CheckedSecrets = readonly CheckedSecret[] | (() => MaybePromise<readonly CheckedSecret[]>);

const MIN_SECRET_BYTES = 32;

/**
 * Returns the secrets, newest first, without undefined entries.
 *
 * @throws {@link OptionError} with `ERR_SECRET` if none is left, one is too easy to guess, or one is given twice. For
 * fetched secrets, on first use.
 */
export function checkSecrets(secrets: Secrets | undefined): CheckedSecrets {
  const fetch = (secrets as Partial<FetchedSecrets> | undefined)?.["~fetch"];
  if (fetch !== undefined) return fetch as () => MaybePromise<readonly CheckedSecret[]>;
  const given = Array.isArray(secrets) ? secrets : [secrets];
  return checkList(given.filter((secret) => secret !== undefined));
}

/** Checks a list of secrets. @throws {@link OptionError} with `ERR_SECRET` */
export function checkList(list: readonly Secret[]): readonly CheckedSecret[] {
  if (list.length === 0) refuse(`create sessions: no secret is set. ${advice()}`);
  const checked = list.map(checkSecret);
  const texts = checked.map((secret) => (secret instanceof Uint8Array ? binaryText(secret) : secret));
  if (new Set(texts).size < texts.length) refuse("create sessions: a secret is given twice");
  return checked;
}

/**
 * Whether a secret is a CryptoKey. Checks for an object first, as naming that class costs Node some milliseconds the
 * first time.
 */
export function isCryptoKey(secret: unknown): secret is CryptoKey {
  return typeof secret === "object" && !ArrayBuffer.isView(secret) && secret instanceof CryptoKey;
}

function checkSecret(secret: string | Uint8Array | CryptoKey, index: number): CheckedSecret {
  const problem = isCryptoKey(secret) ? keyProblem(secret) : secretProblem(secret);
  if (problem !== undefined) refuse(`use secret number ${index + 1}: ${problem}. ${advice()}`);
  // A copy, as the application may change its bytes later.
  return secret instanceof Uint8Array ? Uint8Array.from(secret) : secret;
}

export function looksWeak(secret: string): boolean {
  return secretProblem(secret) !== undefined;
}

const advice = (): string => `Make one with: npx web-session-store keygen${whereSecretsGo()}`;

function refuse(text: string): never {
  throw new OptionError("ERR_SECRET", `Cannot ${text}`);
}

function keyProblem({ algorithm, usages }: CryptoKey): string | undefined {
  const fits = algorithm.name === "HKDF" && usages.includes("deriveBits");
  return fits ? undefined : 'it is not a CryptoKey for "HKDF" with the usage "deriveBits"';
}

function secretProblem(secret: string | Uint8Array): string | undefined {
  const isText = typeof secret === "string";
  if (!isText && !(secret instanceof Uint8Array)) return problemOf(secret);
  if (secret === "") return "it is empty, so its variable may not be set";
  const bytes = isText ? encodeUtf8(secret) : secret;
  return bytes.length < MIN_SECRET_BYTES ? `it is shorter than ${MIN_SECRET_BYTES} bytes` : weakness(bytes);
}

function problemOf(secret: unknown): string {
  const isFetched = typeof secret === "function" || typeof (secret as { get?: unknown } | null)?.get === "function";
  return isFetched ? "it must be fetched; use fetched(...) of web-session-store/secrets" : "it is not a string";
}
