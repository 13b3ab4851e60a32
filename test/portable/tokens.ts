/** Tokens: those of format version 1 open everywhere, and nothing that was changed does. */

import { expect } from "../../src/testing/adapter/expect.ts";
import type { Claims } from "../../src/token/claims.ts";
import type { TokenCodec } from "../../src/token/codec.ts";
import { encryptedTokens } from "../../src/token/encrypted.ts";
import { signedTokens } from "../../src/token/signed.ts";
import { webCrypto } from "../../src/token/web-crypto.ts";
import vectors from "../vectors/v1.json" with { type: "json" };
import { type Story, story } from "./story.ts";

const SIGNED = ["id", "readable"] as const;
const ENCRYPTED = ["data", "user", "copy"] as const;
const KINDS = [...SIGNED, ...ENCRYPTED];
type Kind = (typeof KINDS)[number];

const options = { secrets: [vectors.secret], name: vectors.name, context: vectors.context };
const CODECS = Object.fromEntries([
  ...SIGNED.map((kind) => [kind, signedTokens({ ...options, kind }, webCrypto)]),
  ...ENCRYPTED.map((kind) => [kind, encryptedTokens({ ...options, kind }, webCrypto)]),
]) as Record<Kind, TokenCodec>;
const claimsOf = (kind: Kind) => vectors.tokens[kind].claims as Claims;

/** Every text that differs from the token in one character. */
function changed(token: string): string[] {
  return Array.from(token, (character, at) => token.slice(0, at) + (character === "A" ? "B" : "A") + token.slice(at + 1));
}

const texts = ["😀", "\u2028\u0000\u007f", "\ud800", "__proto__", "e\u0301", "x".repeat(1000)];

/** The stories, for each kind of token. */
export const tokens: Story[] = KINDS.flatMap((kind) => [
  story(`a token of the kind ${kind} that another runtime made opens`, async () => {
    expect(await CODECS[kind].open(vectors.tokens[kind].token)).toEqual({ claims: claimsOf(kind) });
  }),

  story(`a token of the kind ${kind} opens to what was sealed, whatever text that is`, async () => {
    const data = JSON.stringify(Object.fromEntries(texts.map((text, index) => [`${index}${text}`, text])));
    const claims: Claims = kind === "id" ? claimsOf(kind) : { ...claimsOf(kind), data, sub: "zoë 😀" };
    expect(await CODECS[kind].open(await CODECS[kind].seal(claims))).toEqual({ claims });
  }),

  story(`a token of the kind ${kind} with any character changed is refused, without an exception`, async () => {
    for (const token of changed(vectors.tokens[kind].token)) {
      expect(typeof (await CODECS[kind].open(token)), token).toBe("string");
    }
  }),

  story(`a token of the kind ${kind} opens with the keys of no other kind`, async () => {
    for (const other of KINDS.filter((some) => some !== kind)) {
      expect(typeof (await CODECS[other].open(vectors.tokens[kind].token)), other).toBe("string");
    }
  }),
]);

/** Signed tokens have one spelling, so every runtime must give the same bytes. */
export const sameBytes: Story[] = SIGNED.map((kind) =>
  story(`a token of the kind ${kind} is made byte for byte as elsewhere`, async () => {
    expect(await CODECS[kind].seal(claimsOf(kind))).toBe(vectors.tokens[kind].token);
  }),
);
