/**
 * Encrypted tokens: JWE compact serialisation (RFC 7516) with AES-256 Key Wrap and AES-256-GCM. Nobody else can read them.
 *
 * Every token has a content key of its own, so that no number of tokens wears out a key.
 *
 * @module
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { after, type MaybePromise, once } from "../ground/maybe-promise.ts";
import { type Claims, claimsToJson } from "./claims.ts";
import { type Opened, openedFrom, type TokenCodec, type TokenFault } from "./codec.ts";
import { deriveKeys, type KeyScope } from "./keys.ts";
import type { CheckedSecrets } from "./secrets.ts";
import type { Primitives, Sealed } from "./web-crypto.ts";

/** What encrypted tokens are made with. */
export interface EncryptedOptions extends KeyScope {
  readonly secrets: CheckedSecrets;
  /** `data` where the token carries the data, the default; `user` where a store keeps that, and the token says the rest. */
  readonly kind?: "data" | "user" | "copy";
}

/** Tokens `<header>.<wrapped key>.<nonce>.<ciphertext>.<tag>`, each part base64url. */
export function encryptedTokens(options: EncryptedOptions, primitives: Primitives): TokenCodec {
  const plan = { kind: options.kind ?? "data", use: "wrap", header: { alg: "A256KW", enc: "A256GCM" } } as const;
  const keys = once(() => deriveKeys(options.secrets, options, plan, primitives));

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const parts = token.split(".", 6);
    if (parts.length !== 5) return "malformed";
    const header = parts[0] as string;
    return after(keys(), ({ current, find }) => {
      const key = find(header);
      if (key === undefined) return "unknown-key";
      const sealed = sealedParts(parts);
      if (sealed === null) return "malformed";
      const opened = primitives.open(key.key, sealed, encodeUtf8(header));
      const olderKey = key === current ? undefined : key.id;
      return after(opened, (bytes) => (bytes === null ? "forged" : openedFrom(bytes, olderKey)));
    });
  }

  function seal(claims: Claims): MaybePromise<string> {
    return after(keys(), ({ current }) => {
      const sealed = primitives.seal(current.key, encodeUtf8(claimsToJson(claims)), encodeUtf8(current.header));
      return after(sealed, ({ encryptedKey, iv, ciphertext, tag }) =>
        [current.header, ...[encryptedKey, iv, ciphertext, tag].map(encodeBase64url)].join("."),
      );
    });
  }

  return { open, seal };
}

function sealedParts(parts: string[]): Sealed | null {
  const [encryptedKey, iv, ciphertext, tag] = parts.slice(1).map(decodeBase64url);
  // A content key of 32 bytes, wrapped; the nonce and the tag of AES-GCM.
  const isWhole = encryptedKey?.length === 40 && iv?.length === 12 && tag?.length === 16;
  return isWhole && ciphertext ? { encryptedKey, iv, ciphertext, tag } : null;
}
