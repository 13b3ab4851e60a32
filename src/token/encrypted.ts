/**
 * Encrypted tokens: JWE compact serialisation (RFC 7516) with AES-256 Key Wrap and AES-256-GCM. Nobody else can read
 * them.
 *
 * @module
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { after, type MaybePromise, once } from "../ground/maybe-promise.ts";
import { type Claims, claimsToJson } from "./claims.ts";
import { type Opened, openedFrom, type TokenCodec, type TokenFault } from "./codec.ts";
import { ContentKeys } from "./content-keys.ts";
import { deriveKeys, type KeyScope, type TokenKey, type TokenKeys } from "./keys.ts";
import type { CheckedSecrets } from "./secrets.ts";
import type { Primitives, Sealed } from "./web-crypto.ts";

export interface EncryptedOptions extends KeyScope {
  readonly secrets: CheckedSecrets;
  /** `data` if the token carries the data, `user` if a store keeps the data and the token the rest. Default: `data`. */
  readonly kind?: "data" | "user" | "copy";
}

/** Tokens of the form `<header>.<wrapped key>.<nonce>.<ciphertext>.<tag>`, each part base64url. */
export function encryptedTokens(options: EncryptedOptions, primitives: Primitives): TokenCodec {
  const plan = { kind: options.kind ?? "data", use: "wrap", header: { alg: "A256KW", enc: "A256GCM" } } as const;
  const keys = once(() =>
    after(deriveKeys(options.secrets, options, plan, primitives), (derived) => withContentKeys(derived, primitives)),
  );

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const parts = token.split(".", 6);
    const [header = "", wrapped = ""] = parts;
    if (parts.length !== 5) return "malformed";
    return after(keys(), ({ current, find }) => {
      const key = find(header);
      if (key === undefined) return "unknown-key";
      const sealed = sealedParts(parts);
      if (sealed === null) return "malformed";
      const olderKey = key === current ? undefined : key.id;
      return after(key.contentKeys.open(wrapped, sealed), (bytes) => {
        if (bytes === null) return "forged";
        return bytes === "malformed" ? bytes : openedFrom(bytes, olderKey);
      });
    });
  }

  function seal(claims: Claims): MaybePromise<string> {
    return after(keys(), ({ current }) =>
      after(current.contentKeys.seal(encodeUtf8(claimsToJson(claims))), ({ wrapped, iv, ciphertext, tag }) =>
        [current.header, wrapped, ...[iv, ciphertext, tag].map(encodeBase64url)].join("."),
      ),
    );
  }

  return { open, seal };
}

interface WrappingKey extends TokenKey {
  readonly contentKeys: ContentKeys;
}

function withContentKeys({ current, all }: TokenKeys, primitives: Primitives) {
  const byHeader = new Map<string, WrappingKey>(
    all.map((key) => [key.header, { ...key, contentKeys: new ContentKeys(key, primitives) }]),
  );
  return { current: byHeader.get(current.header) as WrappingKey, find: (header: string) => byHeader.get(header) };
}

function sealedParts(parts: string[]): Sealed | null {
  const [iv, ciphertext, tag] = parts.slice(2).map(decodeBase64url);
  return iv?.length === 12 && tag?.length === 16 && ciphertext ? { iv, ciphertext, tag } : null;
}
