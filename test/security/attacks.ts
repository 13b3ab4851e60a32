/** Hostile Cookie headers as fast-check makes them: garbage, and genuine cookies that were changed, moved, joined and repeated. */
import fc from "fast-check";
import type { Genuine } from "./targets.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Headers that a JOSE library may be talked into believing. */
const FOREIGN_HEADERS = [
  { alg: "none" },
  { alg: "none", typ: "session+jwt" },
  { alg: "HS256" },
  { alg: "HS256", kid: "__proto__" },
  { alg: "HS512", typ: "JWT" },
  { alg: "RS256", jku: "https://evil.example/keys" },
  { alg: "ES256", jwk: { kty: "EC" } },
  { alg: "dir", enc: "A256GCM" },
  { alg: "dir", enc: "A128CBC-HS256", zip: "DEF" },
  { alg: "A256KW", enc: "A256GCM", kid: "constructor" },
  { alg: "PBES2-HS256+A128KW", enc: "A256GCM", p2c: 2_000_000_000, p2s: "AA" },
  { alg: "dir", enc: "A256GCM", zip: "DEF" },
  { alg: "HS256", crit: ["b64"], b64: false },
  { alg: "HS256", kid: "../../etc/passwd" },
  { alg: "HS256", kid: ["k1"] },
  { alg: "ES256", kid: "k1", typ: "JWT" },
  { alg: "HS256", kid: "k1", typ: "JWT" },
].map((header) => Buffer.from(JSON.stringify(header)).toString("base64url"));

const ODD = [
  "",
  "\0",
  "\ud800",
  "\udfff\ud800",
  "🚀",
  "%00",
  "%F0",
  "\u00a0",
  '"',
  "=",
  ".",
  "..",
  "....",
  "\t",
  " ",
  "\r\n",
  "__proto__",
];

/** A value: a genuine one after some changes, or none of ours. */
function values(genuine: readonly string[]): fc.Arbitrary<string> {
  const one = fc.constantFrom(...genuine);
  const at = fc.nat(5000);
  const changed = fc.oneof(
    fc.tuple(one, at, fc.nat(7)).map(([text, place, bit]) => flipBit(text, place, bit)),
    fc.tuple(one, at, fc.string({ unit: "binary", maxLength: 3 })).map(([text, place, piece]) => put(text, place, piece)),
    fc.tuple(one, at).map(([text, place]) => text.slice(0, place % (text.length + 1))),
    fc.tuple(one, fc.constantFrom(...ODD)).map(([text, odd]) => text + odd),
    fc.tuple(one, fc.constantFrom(...FOREIGN_HEADERS)).map(([text, header]) => [header, ...text.split(".").slice(1)].join(".")),
    fc.tuple(one, one, fc.nat(5)).map(([left, right, part]) => splice(left, right, part)),
    fc.tuple(one, fc.nat(5), fc.nat(3)).map(([text, part, step]) => respell(text, part, step)),
    fc.tuple(one, fc.constantFrom("=", "==")).map(([text, padding]) => text.replaceAll(".", `${padding}.`) + padding),
    one.map((text) => text.replaceAll("-", "+").replaceAll("_", "/")),
    fc.tuple(one, fc.nat(40)).map(([text, times]) => text.repeat(times)),
    fc.tuple(one, fc.nat(30)).map(([text, times]) => text + "A".repeat(times * 300)),
    one.map((text) => text.toUpperCase()),
  );
  const foreign = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.base64String({ maxLength: 60 }),
    fc.constantFrom(...ODD),
    fc.json({ maxDepth: 4 }),
    jsonSessions(),
    fc.tuple(fc.constantFrom(...FOREIGN_HEADERS), fc.json({ maxDepth: 2 }), fc.base64String({ maxLength: 44 })).map(unsigned),
  );
  return fc.oneof({ weight: 6, arbitrary: changed }, { weight: 3, arbitrary: foreign }, { weight: 2, arbitrary: one });
}

/** A session as koa-session-store writes it, with members of all sorts. */
function jsonSessions(): fc.Arbitrary<string> {
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-1, 1e300, 2 ** 53, "x", null, "__proto__"));
  const members = fc.record(
    {
      _sid: fc.oneof(fc.constantFrom("a".repeat(15), "../../etc/passwd.....", "__proto____proto__"), anything),
      _start: anything,
      _exp: anything,
      _sub: anything,
      _idle: anything,
      _abs: anything,
      toJSON: anything,
      hasOwnProperty: anything,
      constructor: anything,
    },
    { requiredKeys: ["_sid"] },
  );
  return fc.tuple(members, anything).map(([session, proto]) => {
    const json = JSON.stringify(session);
    return `${json.slice(0, -1)},"__proto__":${JSON.stringify({ isAdmin: proto })}}`;
  });
}

function unsigned([header, payload, signature]: [string, string, string]): string {
  return `${header}.${Buffer.from(payload).toString("base64url")}.${signature}`;
}

/** A Cookie header in which any of these cookies may stand, under its own name, another's, or a name that looks like it. */
export function cookieHeaders(genuine: readonly Genuine[], others: readonly Genuine[]): fc.Arbitrary<string> {
  const own = genuine.flatMap(({ cookies }) => cookies);
  const known = own.map(([name]) => name);
  const foreign = others.flatMap(({ cookies }) => cookies);
  const name = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...known) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...known.flatMap((text) => [text.toLowerCase(), `x${text}`, `${text}.sig`, "__proto__"])),
    },
  );
  const pair = fc.tuple(name, values([...own, ...foreign].map(([, value]) => value))).map(([key, value]) => [`${key}=${value}`]);
  const whole = fc.constantFrom(...genuine).map(({ cookies }) => cookies.map(([key, value]) => `${key}=${value}`));
  const pairs = fc.array(
    fc.oneof({ weight: 6, arbitrary: pair }, { weight: 2, arbitrary: whole }, { weight: 1, arbitrary: fc.constant([""]) }),
    { minLength: 1, maxLength: 6 },
  );
  const separator = fc.constantFrom("; ", "; ", "; ", ";", " ;\t", ", ", ";;", "\0", "");
  const built = fc.tuple(pairs, separator).map(([all, between]) => all.flat().join(between));
  return fc.oneof({ weight: 12, arbitrary: built }, { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) });
}

function put(text: string, place: number, piece: string): string {
  const at = place % (text.length + 1);
  return text.slice(0, at) + piece + text.slice(at + piece.length);
}

function flipBit(text: string, place: number, bit: number): string {
  if (text === "") return "";
  const at = place % text.length;
  return put(text, at, String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)));
}

function splice(left: string, right: string, part: number): string {
  const [ours, theirs] = [left.split("."), right.split(".")];
  return [...ours.slice(0, part), ...theirs.slice(part)].join(".");
}

/** Another spelling of the same bytes: the last character of a part has bits that carry nothing. */
function respell(text: string, part: number, step: number): string {
  const parts = text.split(".");
  const at = part % parts.length;
  const piece = parts[at] ?? "";
  const index = ALPHABET.indexOf(piece.at(-1) ?? "A");
  parts[at] = piece.slice(0, -1) + ALPHABET[(index & ~3) | step];
  return parts.join(".");
}
