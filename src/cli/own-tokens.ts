/**
 * Inspects this library's tokens: their kind, the secret that opens them, or why none does.
 *
 * @module
 */

import { optionName, whereabouts } from "../cookie/names.ts";
import { MAX_COOKIE_BYTES } from "../cookie/parse.ts";
import { baseName } from "../cookie/serialize.ts";
import { decodeBase64url, decodeUtf8 } from "../ground/encoding.ts";
import { type Claims, claimsFromJson, isFromTheFuture } from "../token/claims.ts";
import type { TokenCodec, TokenFault } from "../token/codec.ts";
import { encryptedTokens } from "../token/encrypted.ts";
import type { KeyKind } from "../token/keys.ts";
import { checkSecrets, looksWeak } from "../token/secrets.ts";
import { signedTokens } from "../token/signed.ts";
import { webCrypto } from "../token/web-crypto.ts";
import type { PastedCookie } from "./cookies.ts";
import { type Finding, rowsAbout, type Setting } from "./finding.ts";
import { count, printable, printableName } from "./text.ts";

const SIGNED: readonly KeyKind[] = ["id", "readable"];
const ENCRYPTED: readonly KeyKind[] = ["data", "user", "copy"];
const KINDS: Record<KeyKind, string> = {
  id: "signed: names a session in a store",
  readable: "readable: the session, signed; anyone who sees it can read it",
  data: "encrypted: the session",
  user: "encrypted: times and user; the store has only the data",
  copy: "encrypted copy of a session that is in a store",
};
const FAULTS: Record<Exclude<TokenFault, "unknown-key">, string> = {
  forged: "bad signature: it was changed after it was made",
  malformed: "malformed: a part is missing or has the wrong length, for example if it was cut off",
  claims: "it was made with this secret, but does not have the content of a session token",
};

/** A token and the secret that made it. */
interface Fit {
  readonly kind: KeyKind;
  readonly name: string;
  readonly secret: number;
  readonly result: Claims | Exclude<TokenFault, "unknown-key">;
}

/** The header of a JOSE token from any software. Null if there is none. */
export function joseHeader(value: string): Record<string, unknown> | null {
  const bytes = decodeBase64url(value.split(".", 1)[0] ?? "");
  try {
    const header: unknown = JSON.parse((bytes && decodeUtf8(bytes)) ?? "");
    return typeof header === "object" && header !== null ? (header as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Whether a value is this library's token, according to its header. */
export function isOwnToken(value: string): boolean {
  return joseHeader(value)?.typ === "session+jwt";
}

/** The report on one of this library's tokens. */
export async function inspectOwnToken(cookie: PastedCookie, setting: Setting): Promise<Finding> {
  const isSigned = joseHeader(cookie.value)?.alg === "HS256";
  const fit = await fitting(cookie, setting, isSigned ? SIGNED : ENCRYPTED);
  return fit === undefined ? unopened(cookie, setting, isSigned) : opened(cookie, setting, fit);
}

function opened(cookie: PastedCookie, setting: Setting, { kind, name, secret, result }: Fit): Finding {
  const head = [
    ["kind", KINDS[kind]],
    ["secret", `number ${secret} of ${setting.secrets.length}, with the name "${printableName(name)}"`],
  ] as const;
  if (typeof result === "string") return { opens: false, rows: [...head, ["opens", `no: ${FAULTS[result]}`]] };
  const fault = misfit(cookie, { kind, name, claims: result }) ?? timeFault(result, setting.now);
  const caution = kind === "id" ? ". Only the store knows whether the session still exists" : "";
  const verdict = fault === undefined ? `yes${conditionOf(cookie, { kind, name }, result)}${caution}` : `no: ${fault}`;
  return { opens: fault === undefined, rows: [...head, ["opens", verdict], ...rowsAbout(result, setting)] };
}

function unopened({ value }: PastedCookie, setting: Setting, isSigned: boolean): Finding {
  const claims = isSigned ? claimsIn(value) : null;
  const kind = claims === null ? "encrypted" : KINDS[claims.data === undefined ? "id" : "readable"];
  const said = claims === null ? [] : rowsAbout(claims, setting);
  return {
    opens: false,
    rows: [
      ["kind", isSigned && claims === null ? "signed" : kind],
      ["key id", printable(String(joseHeader(value)?.kid ?? "none"))],
      ["opens", unknownKey(setting)],
      ...said.map(([label, text]) => [label, `${text} (not verified)`] as const),
    ],
  };
}

function unknownKey({ secrets, name, context }: Setting): string {
  const usable = secrets.filter((secret) => !looksWeak(secret)).length;
  if (secrets.length === 0) return "not tried: no secret was given. Set SESSION_SECRET, or use --secrets-file";
  if (usable === 0) return "no: every given secret is shorter than 32 bytes or a placeholder, which the library refuses";
  const named = name === undefined ? "the cookie's own name" : `the name "${printableName(name)}"`;
  const scope = `${named} and ${context === "" ? "no context" : `the context "${printableName(context)}"`}`;
  return `no: unknown key. None of ${count(usable, "secret")} made it, with ${scope}. Another secret, --name or --context?`;
}

/** The payload of a signed token, which anyone can read. */
function claimsIn(value: string): Claims | null {
  const bytes = decodeBase64url(value.split(".")[1] ?? "");
  const text = bytes && decodeUtf8(bytes);
  return text === null ? null : claimsFromJson(text);
}

/** The secret, kind and name that made the token. The key id selects them before any cryptography. */
async function fitting(cookie: PastedCookie, setting: Setting, kinds: readonly KeyKind[]): Promise<Fit | undefined> {
  for (const [index, secret] of setting.secrets.entries()) {
    if (looksWeak(secret)) continue;
    for (const name of candidateNames(cookie, setting)) {
      for (const kind of kinds) {
        const result = await codecOf(kind, secret, name, setting.context).open(cookie.value);
        if (result === "unknown-key") continue;
        return { kind, name, secret: index + 1, result: typeof result === "string" ? result : result.claims };
      }
    }
  }
  return undefined;
}

function codecOf(kind: KeyKind, secret: string, name: string, context: string): TokenCodec {
  const scope = { secrets: checkSecrets(secret), name, context };
  if (kind === "id" || kind === "readable") return signedTokens({ ...scope, kind }, webCrypto);
  return encryptedTokens({ ...scope, kind }, webCrypto);
}

/**
 * The names that may have made it: the given one, the cookie's
 * own with and without the library's suffixes, and the default.
 */
function candidateNames(cookie: PastedCookie, { name }: Setting): string[] {
  const own = cookie.name === undefined ? [] : [optionName(cookie.name), baseName(cookie.name)];
  return [...new Set([...(name === undefined ? [] : [baseName(name)]), ...own, "session"])];
}

/** Why a valid token does not count in its cookie. A bare token has no cookie. */
function misfit(
  { name: wireName, value }: PastedCookie,
  { kind, name, claims }: { kind: KeyKind; name: string; claims: Claims },
): string | undefined {
  if (wireName === undefined) return undefined;
  const size = wireName.length + value.length;
  if (size > MAX_COOKIE_BYTES) return `too big: ${size} bytes, and browsers keep at most ${MAX_COOKIE_BYTES}`;
  const names = whereabouts(name, whoseOf(kind, claims));
  if (names.includes(baseName(wireName)) || isSingle(wireName, name, kind)) return undefined;
  return `name mismatch: it belongs in a cookie named ${names.map((one) => `"${printableName(one)}"`).join(" or ")}, after its prefix`;
}

/** What the application needs to accept the token in this cookie. */
function conditionOf({ name: wireName }: PastedCookie, { kind, name }: { kind: KeyKind; name: string }, claims: Claims): string {
  if (wireName === undefined || whereabouts(name, whoseOf(kind, claims)).includes(baseName(wireName))) return "";
  return ", with cookie.single";
}

/** Whether the cookie is where `cookie.single` has visitors and users. */
const isSingle = (wireName: string, name: string, kind: KeyKind): boolean => kind !== "copy" && baseName(wireName) === name;

function whoseOf(kind: KeyKind, { sub }: Claims): "user" | "visitor" | "copy" | undefined {
  if (kind === "copy") return "copy";
  if (kind === "id") return undefined;
  return sub === undefined ? "visitor" : "user";
}

function timeFault(claims: Claims, now: number): string | undefined {
  if (isFromTheFuture(claims, now)) return "it was made in the future: a clock is wrong";
  return now >= claims.exp ? "expired" : undefined;
}
