/**
 * Signed tokens: JWS compact serialisation (RFC 7515) with HMAC-SHA-256 (`HS256`). Anyone can read them.
 *
 * @module
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../ground/encoding.ts";
import { after, type MaybePromise, once } from "../ground/maybe-promise.ts";
import { type Claims, claimsToJson } from "./claims.ts";
import { type Opened, openedFrom, type TokenCodec, type TokenFault } from "./codec.ts";
import { deriveKeys, type KeyScope } from "./keys.ts";
import type { CheckedSecrets } from "./secrets.ts";
import type { Primitives } from "./web-crypto.ts";

export interface SignedOptions extends KeyScope {
  readonly secrets: CheckedSecrets;
  /** `id` if a store holds the session, `readable` if the token carries the data in plain text. */
  readonly kind: "id" | "readable";
}

/** Tokens of the form `<header>.<payload>.<signature>`, each part base64url. One cryptographic operation each way. */
export function signedTokens(options: SignedOptions, primitives: Primitives): TokenCodec {
  const keys = once(() =>
    deriveKeys(options.secrets, options, { kind: options.kind, use: "mac", header: { alg: "HS256" } }, primitives),
  );

  function open(token: string): MaybePromise<Opened | TokenFault> {
    const parts = token.split(".", 4);
    const [header, payload, signature] = parts as [string, string, string];
    if (parts.length !== 3) return "malformed";
    return after(keys(), ({ current, find }) => {
      const key = find(header);
      if (key === undefined) return "unknown-key";
      const mac = decodeBase64url(signature);
      if (mac === null || mac.length !== 32) return "malformed";
      const signed = primitives.verify(key.key, `${header}.${payload}`, mac);
      return after(signed, (ok) => (ok ? read(payload, key === current ? undefined : key.id) : "forged"));
    });
  }

  const seal = (claims: Claims): MaybePromise<string> =>
    after(keys(), ({ current }) =>
      withSignature(current.key, `${current.header}.${encodeBase64url(encodeUtf8(claimsToJson(claims)))}`),
    );

  const withSignature = (key: unknown, message: string): MaybePromise<string> =>
    after(primitives.sign(key, message), (signature) => `${message}.${signature}`);

  return { open, seal };
}

function read(payload: string, olderKey: string | undefined): Opened | TokenFault {
  const bytes = decodeBase64url(payload);
  return bytes === null ? "claims" : openedFrom(bytes, olderKey);
}
