/**
 * Tokens that were made once, frozen: cookies that are out in browsers must open with every later release. Those of `v2.json` say
 * timeouts of the session's own, too; keys and form are the same.
 */
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/ground/encoding.ts";
import type { Claims } from "../../../src/token/claims.ts";
import type { TokenCodec } from "../../../src/token/codec.ts";
import { encryptedTokens } from "../../../src/token/encrypted.ts";
import { deriveKeys, type KeyKind, type KeyPlan, keyInfo } from "../../../src/token/keys.ts";
import { nodePrimitives } from "../../../src/token/node-crypto.ts";
import { signedTokens } from "../../../src/token/signed.ts";
import { type Primitives, webCrypto } from "../../../src/token/web-crypto.ts";
import { SECRET } from "../../support/secrets.ts";
import v1 from "../../vectors/v1.json" with { type: "json" };
import v2 from "../../vectors/v2.json" with { type: "json" };

const { secret, name, context } = v1;
const OPTIONS = { secrets: [secret], name, context };
const KINDS: KeyKind[] = ["id", "readable", "data", "user", "copy"];
const PLANS: Record<KeyKind, KeyPlan> = {
  id: { kind: "id", use: "mac", header: { alg: "HS256" } },
  readable: { kind: "readable", use: "mac", header: { alg: "HS256" } },
  data: { kind: "data", use: "wrap", header: { alg: "A256KW", enc: "A256GCM" } },
  user: { kind: "user", use: "wrap", header: { alg: "A256KW", enc: "A256GCM" } },
  copy: { kind: "copy", use: "wrap", header: { alg: "A256KW", enc: "A256GCM" } },
};

const NODE = nodePrimitives();

function codecOf(kind: KeyKind, secrets: readonly string[] = [secret], primitives = webCrypto as Primitives): TokenCodec {
  const options = { ...OPTIONS, secrets };
  if (kind === "id" || kind === "readable") return signedTokens({ ...options, kind }, primitives);
  return encryptedTokens({ ...options, kind }, primitives);
}

describe.each([
  ["1", v1],
  ["2", v2],
])("format version %s", (_version, vectors) => {
  const claimsOf = (kind: KeyKind) => vectors.tokens[kind].claims as Claims;

  it.each(KINDS)("derives the same key for the kind %s", async (kind) => {
    const bytes = await webCrypto.derive(encodeUtf8(secret), keyInfo(kind, OPTIONS), 32);
    expect(Buffer.from(bytes).toString("hex")).toBe(vectors.keys[kind].key);
  });

  it.each(KINDS)("gives the same key id and header for the kind %s", async (kind) => {
    const { current } = await deriveKeys([secret], OPTIONS, PLANS[kind], webCrypto);
    expect(current.id).toBe(vectors.keys[kind].id);
    expect(current.header).toBe(vectors.tokens[kind].token.split(".")[0]);
  });

  it.each(KINDS)("opens the token of the kind %s, the first time and again, by both cryptographies", async (kind) => {
    for (const codec of [codecOf(kind), codecOf(kind, [secret], NODE)]) {
      const { token } = vectors.tokens[kind];
      for (let times = 0; times < 2; times++) expect(await codec.open(token)).toEqual({ claims: claimsOf(kind) });
      await codec.seal(claimsOf(kind));
      expect(await codec.open(token)).toEqual({ claims: claimsOf(kind) });
    }
  });

  it.each(KINDS)("opens the token of the kind %s after its secret has become the older one", async (kind) => {
    const opened = await codecOf(kind, [SECRET, secret]).open(vectors.tokens[kind].token);
    expect(opened).toEqual({ claims: claimsOf(kind), olderKey: vectors.keys[kind].id });
  });

  it.each(["id", "readable"] as const)("makes the same token of the kind %s, byte for byte", async (kind) => {
    expect(await codecOf(kind).seal(claimsOf(kind))).toBe(vectors.tokens[kind].token);
  });

  it.each(KINDS)("opens the token of the kind %s with no other kind's keys", async (kind) => {
    for (const other of KINDS.filter((some) => some !== kind)) {
      expect(await codecOf(other).open(vectors.tokens[kind].token)).toMatch(/^(unknown-key|malformed)$/);
    }
  });
});
