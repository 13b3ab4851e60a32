/**
 * Derives keys from secrets, newest first, once.
 *
 * @module
 */
import { encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { OptionError } from "../ground/errors.ts";
import { after, all, type MaybePromise } from "../ground/maybe-promise.ts";
import type { CheckedSecret, CheckedSecrets } from "./secrets.ts";
import type { KeyUse, Primitives } from "./web-crypto.ts";

/**
 * What a derived key is for. Each kind has its own keys, so that a token of one kind never opens as another. `id` signs
 * tokens that name a session in a store, `data` encrypts sessions, `readable` signs sessions that anyone may read,
 * `user` encrypts what a data-only store does not keep, `copy` encrypts short-lived copies of sessions in a store.
 */
export type KeyKind = "id" | "data" | "readable" | "user" | "copy";

/** A key, with the protected header that names it. */
export interface TokenKey {
  readonly id: string;
  /** The first part of every token made with it: its header in base64url, compared as text before any cryptography. */
  readonly header: string;
  readonly key: unknown;
}

/** The keys of one kind. The first one writes, all of them read. */
export interface TokenKeys {
  readonly current: TokenKey;
  /** In the order of the secrets. */
  readonly all: readonly TokenKey[];
  /** The key with exactly this header. */
  find(header: string): TokenKey | undefined;
}

/** What keys are bound to besides their secret. Sessions that differ here cannot open each other's tokens. */
export interface KeyScope {
  readonly name: string;
  /** The application and stage. */
  readonly context: string;
}

/** How the keys of one kind are used, and what is in their tokens' header. */
export interface KeyPlan {
  readonly kind: KeyKind;
  readonly use: KeyUse;
  /** The header's members before `kid`. */
  readonly header: { readonly alg: string; readonly enc?: string };
}

const KEY_BYTES = 32;
const KEY_ID_BYTES = 8;

export function deriveKeys(
  secrets: CheckedSecrets,
  scope: KeyScope,
  plan: KeyPlan,
  primitives: Primitives,
): MaybePromise<TokenKeys> {
  const given = typeof secrets === "function" ? secrets() : secrets;
  const deriving = after(given, (list) => all(list.map((secret) => deriveKey(materialOf(secret), scope, plan, primitives))));
  return after(deriving, (keys) => {
    const byHeader = new Map(keys.map((key) => [key.header, key]));
    if (byHeader.size < keys.length)
      throw new OptionError("ERR_SECRET", "Cannot use these secrets: two of them have the same key id");
    return { current: keys[0] as TokenKey, all: keys, find: (header: string) => byHeader.get(header) };
  });
}

function materialOf(secret: CheckedSecret): Uint8Array<ArrayBuffer> | CryptoKey {
  return typeof secret === "string" ? encodeUtf8(secret) : secret;
}

function deriveKey(
  secret: Uint8Array<ArrayBuffer> | CryptoKey,
  scope: KeyScope,
  plan: KeyPlan,
  primitives: Primitives,
): MaybePromise<TokenKey> {
  const { kind, use } = plan;
  const idBytes = primitives.derive(secret, keyInfo(`${kind}.kid`, scope), KEY_ID_BYTES);
  const key = after(primitives.derive(secret, keyInfo(kind, scope), KEY_BYTES), (bytes) => primitives.importKey(bytes, use));
  // In parallel, so that a failure of one is handled while the other is pending.
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
