/**
 * Secrets, newest first, to keys: checked for strength, derived once.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../encoding.ts";
import { OptionError } from "../errors.ts";
import { after, all, type MaybePromise } from "../maybe-promise.ts";
import type { KeyUse, Primitives } from "../primitives.ts";

/**
 * What a derived key is for. Each kind has keys of its own, so that a token of one never opens as another:
 * `id` signs tokens that name a session in a store, `data` encrypts sessions, `readable` signs sessions anyone may read,
 * `user` encrypts what a store that keeps only data does not keep, `copy` encrypts short-lived copies of sessions in a store.
 */
export type KeyKind = "id" | "data" | "readable" | "user" | "copy";

/** One key, with the protected header that names it. */
export interface TokenKey {
  readonly id: string;
  /** The first part of every token made with it: its header in base64url, compared as text before any cryptography. */
  readonly header: string;
  readonly key: unknown;
}

/** The keys of one kind: the first writes, all read. */
export interface TokenKeys {
  readonly current: TokenKey;
  /** The key whose header is exactly this text. */
  find(header: string): TokenKey | undefined;
}

/** What keys are bound to, besides their secret: two sessions that differ here do not open each other's tokens. */
export interface KeyScope {
  /** The cookie's name without its prefix. */
  readonly name: string;
  /** The application and stage. */
  readonly context: string;
}

/** How the keys of one kind are used, and what their tokens' header says after `alg`. */
export interface KeyPlan {
  readonly kind: KeyKind;
  readonly use: KeyUse;
  /** The header's members before `kid`. */
  readonly header: { readonly alg: string; readonly enc?: string };
}

const MIN_SECRET_BYTES = 32;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;
// Whole words where short ones could turn up in random letters: nobody's random secret is refused.
const PLACEHOLDER =
  /change[-_ ]?(me(?![a-z])|this|in[-_ ]?prod)|(your|my|some|\ba)[-_ ]?(super[-_ ]?)?(session[-_ ]?)?(secret|password|key)(?![a-z])|at[-_ ]?least[-_ ]?32|keyboard[-_ ]?cat|placeholder|replace[-_ ]?(me|this)|insert[-_ ]/i;

/**
 * The secrets as a list, newest first; undefined entries are dropped.
 *
 * @throws {@link OptionError} with `ERR_SECRET` when none is left, or one is short, a placeholder, repeated or given twice.
 */
export function checkSecrets(secrets: string | readonly (string | undefined)[] | undefined): readonly string[] {
  const given = Array.isArray(secrets) ? secrets : [secrets as string | undefined];
  const list = given.filter((secret) => secret !== undefined);
  if (list.length === 0) {
    throw new OptionError("ERR_SECRET", "Cannot create sessions: no secret is set. Make one with: openssl rand -base64 32");
  }
  list.forEach(checkSecret);
  if (new Set(list).size < list.length) throw new OptionError("ERR_SECRET", "Cannot create sessions: a secret is given twice");
  return list;
}

function checkSecret(secret: string, index: number): void {
  const problem = secretProblem(secret);
  if (problem === undefined) return;
  throw new OptionError(
    "ERR_SECRET",
    `Cannot use secret number ${index + 1}: ${problem}. Make one with: openssl rand -base64 32`,
  );
}

/** Whether a key would be refused as a secret. */
export function looksWeak(secret: string): boolean {
  return secretProblem(secret) !== undefined;
}

function secretProblem(secret: string): string | undefined {
  if (typeof secret !== "string") return "it is not a string";
  if (secret === "") return "it is empty";
  if (encodeUtf8(secret).length < MIN_SECRET_BYTES) return `it is shorter than ${MIN_SECRET_BYTES} bytes`;
  if (PLACEHOLDER.test(secret)) return "it looks like a placeholder";
  if (isRepetition(secret)) return "it repeats itself";
  return undefined;
}

/** Whether the text is one shorter piece over and over: "aaaa...", "0123456789" again and again. */
function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period++) {
    if (text.startsWith(text.slice(period))) return true;
  }
  return false;
}

/** Derives the keys of one kind from every secret. */
export function deriveKeys(
  secrets: readonly string[],
  scope: KeyScope,
  plan: KeyPlan,
  primitives: Primitives,
): MaybePromise<TokenKeys> {
  const deriving = all(secrets.map((secret) => deriveKey(encodeUtf8(secret), scope, plan, primitives)));
  return after(deriving, (keys) => {
    const byHeader = new Map(keys.map((key) => [key.header, key]));
    if (byHeader.size < keys.length)
      throw new OptionError("ERR_SECRET", "Cannot use these secrets: two of them give the same key id");
    return { current: keys[0] as TokenKey, find: (header: string) => byHeader.get(header) };
  });
}

function deriveKey(
  secret: Uint8Array<ArrayBuffer>,
  scope: KeyScope,
  plan: KeyPlan,
  primitives: Primitives,
): MaybePromise<TokenKey> {
  const { kind, use } = plan;
  const idBytes = primitives.derive(secret, keyInfo(`${kind}.kid`, scope), KEY_ID_BYTES);
  const key = after(primitives.derive(secret, keyInfo(kind, scope), KEY_BYTES), (bytes) => primitives.importKey(bytes, use));
  // Both at once, so that no failure of one is left unheard while the other is waited for.
  return after(all([idBytes, key]), ([bytes, ready]) => {
    const id = encodeBase64url(bytes as Uint8Array);
    const header = encodeBase64url(encodeUtf8(JSON.stringify({ ...plan.header, kid: id, typ: "session+jwt" })));
    return { id, header, key: ready as TokenKey["key"] };
  });
}

/** What HKDF binds a key to: library, format version, kind, cookie name and context, separated by NUL. */
export function keyInfo(kind: string, scope: KeyScope): Uint8Array<ArrayBuffer> {
  return encodeUtf8(["web-session-store", "1", kind, scope.name, scope.context].join("\0"));
}

/** Remembers what `make` gives, but not a failure: the next call tries again. */
export function once<T>(make: () => MaybePromise<T>): () => MaybePromise<T> {
  let value: MaybePromise<T> | undefined;
  return () => {
    value ??= keep(make());
    return value;
  };

  function keep(making: MaybePromise<T>): MaybePromise<T> {
    if (!(making instanceof Promise)) return making;
    making.then(
      (made) => {
        value = made;
      },
      () => {
        value = undefined;
      },
    );
    return making;
  }
}
