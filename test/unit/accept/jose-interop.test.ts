/** Our tokens and jose's: every frozen token opens with the documented key, and what jose makes with it opens here. */

import { hkdfSync } from "node:crypto";
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import { joseTokens } from "../../../src/accept/jose.ts";
import { copy } from "../../../src/features/copy.ts";
import type { SessionOptions } from "../../../src/index.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { claimsToJson } from "../../../src/token/claims.ts";
import type { TokenCodec } from "../../../src/token/codec.ts";
import { encryptedTokens } from "../../../src/token/encrypted.ts";
import { signedTokens } from "../../../src/token/signed.ts";
import { webCrypto } from "../../../src/token/web-crypto.ts";
import { type App, makeApp } from "../../support/app.ts";
import { copyCookie, userCookie, visitorCookie } from "../../support/cookie-names.ts";
import { SECRET } from "../../support/secrets.ts";
import vectors from "../../vectors/v1.json" with { type: "json" };

const { secret, name, context } = vectors;
type Kind = keyof typeof vectors.tokens;
const KINDS: readonly Kind[] = ["id", "readable", "data", "user", "copy"];

/** The derivation as docs/tokens.md has it, by other means than the library's. */
function derived(kind: string, length: number, of = { secret, name, context }): Buffer {
  const info = ["web-session-store", "1", kind, of.name, of.context].join("\0");
  return Buffer.from(hkdfSync("sha256", of.secret, "", info, length));
}

function isSigned(kind: Kind): kind is "id" | "readable" {
  return kind === "id" || kind === "readable";
}

const kidOf = (kind: Kind) => derived(`${kind}.kid`, 8).toString("base64url");
const signedHeader = (kind: Kind) => ({ alg: "HS256", kid: kidOf(kind), typ: "session+jwt" });
const encryptedHeader = (kind: Kind) => ({ alg: "A256KW", enc: "A256GCM", kid: kidOf(kind), typ: "session+jwt" });

function codecOf(kind: Kind): TokenCodec {
  const options = { secrets: [secret], name, context };
  return isSigned(kind) ? signedTokens({ ...options, kind }, webCrypto) : encryptedTokens({ ...options, kind }, webCrypto);
}

async function payloadByJose(kind: Kind, token: string, key = derived(kind, 32)): Promise<string> {
  if (isSigned(kind)) return Buffer.from((await compactVerify(token, key, { algorithms: ["HS256"] })).payload).toString();
  const pinned = { keyManagementAlgorithms: ["A256KW"], contentEncryptionAlgorithms: ["A256GCM"] };
  return Buffer.from((await compactDecrypt(token, key, pinned)).plaintext).toString();
}

async function tokenByJose(kind: Kind, payload: string): Promise<string> {
  const [key, bytes] = [derived(kind, 32), new TextEncoder().encode(payload)];
  if (isSigned(kind)) return new CompactSign(bytes).setProtectedHeader(signedHeader(kind)).sign(key);
  return new CompactEncrypt(bytes).setProtectedHeader(encryptedHeader(kind)).encrypt(key);
}

describe.each(KINDS)("a token of the kind %s", (kind) => {
  const { token, claims } = vectors.tokens[kind];
  const payload = claimsToJson(claims as Parameters<typeof claimsToJson>[0]);

  it("opens with jose and the documented key, and has the documented header", async () => {
    expect(await payloadByJose(kind, token)).toBe(payload);
    expect(decodeProtectedHeader(token)).toEqual(isSigned(kind) ? signedHeader(kind) : encryptedHeader(kind));
  });

  it("opens here when jose made it with our header, and says what it was told", async () => {
    expect(await codecOf(kind).open(await tokenByJose(kind, payload))).toEqual({ claims });
  });

  it("made here opens with jose", async () => {
    const made = await codecOf(kind).seal(claims as Parameters<TokenCodec["seal"]>[0]);
    expect(await payloadByJose(kind, made)).toBe(payload);
  });

  it("opens with joseTokens() and the documented key", async () => {
    const pinned = isSigned(kind) ? { algorithms: ["HS256"] } : { algorithms: ["A256KW"], encryption: ["A256GCM"] };
    const { open } = joseTokens({ ...pinned, key: derived(kind, 32), typ: "session+jwt" });
    const { route: _, ...rest } = claims as { route?: string; data?: string };
    const [header = "", body = ""] = token.split(".");
    const opened = await open(token);
    expect(opened).toEqual({ claims: { data: "{}", ...rest }, olderKey: kidOf(kind), identity: expect.any(String) });
    // Who made it, which is a hash of the key, and what that proves.
    const [maker, ...proved] = JSON.parse((opened as { identity: string }).identity);
    expect(maker).toMatch(/^[\w-]{43}$/);
    expect(proved).toEqual([null, `${header}.${isSigned(kind) ? body : payload}`]);
  });
});

it("the cookies that an application sets open with jose, each by the session's name", async () => {
  const scope = { secret: SECRET, name: "sid", context: "shop" };
  const claimsIn = async (kind: Kind, { browser }: App, cookie: string) => {
    const token = browser.cookies.get(cookie)?.value as string;
    return JSON.parse(await payloadByJose(kind, token, derived(kind, 32, scope)));
  };
  const make = (options: Partial<SessionOptions>) => makeApp({ name: scope.name, context: scope.context, ...options });
  const stored = make({ store: memory(), copy: copy({ maxAge: 60 }) });
  await stored.does((session) => session.login("alice"));
  expect(await claimsIn("id", stored, userCookie("sid"))).not.toHaveProperty("sub");
  expect(await claimsIn("copy", stored, copyCookie("sid"))).toMatchObject({ sub: "alice" });
  const visited = make({ store: memory(), anonymous: "cookie" });
  await visited.does((session) => Object.assign(session.data, { a: 1 }));
  expect(await claimsIn("data", visited, visitorCookie("sid"))).toMatchObject({ data: { a: 1 } });
  const readable = make({ readable: true });
  await readable.does((session) => session.login("bob"));
  expect(await claimsIn("readable", readable, userCookie("sid"))).toMatchObject({ sub: "bob", data: {} });
});
