/** What both kinds of our own tokens have in common: they open what they seal, and nothing that anybody else made of it. */
import { hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, type Mock, vi } from "vitest";
import type { Claims } from "../../../src/token/claims.ts";
import type { TokenCodec } from "../../../src/token/codec.ts";
import type { KeyScope } from "../../../src/token/keys.ts";
import type { CheckedSecrets } from "../../../src/token/secrets.ts";
import { type Primitives, webCrypto } from "../../../src/token/web-crypto.ts";
import { baseOf, USER_COOKIE } from "../../support/cookie-names.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../../support/secrets.ts";

/** What tokens are made with. */
export type CodecOptions = KeyScope & { readonly secrets: CheckedSecrets };
/** A codec, and how its one operation to open a token was called. */
type Spied = { readonly codec: TokenCodec; readonly tried: Mock };

/** One kind of tokens. */
export interface CodecKind<Options extends CodecOptions> {
  readonly name: string;
  readonly make: (options: Options, primitives: Primitives) => TokenCodec;
  readonly options: Options;
  readonly spied: (options?: Partial<Options>) => Spied;
  readonly claims: Claims;
  /** Those of the claims that are drawn for every token. */
  readonly drawn: ("sid" | "start" | "sub" | "data")[];
  readonly header: { readonly alg: string };
  /** A token whose header is this one, with as much of our own key as there can be under it. */
  readonly underHeader: (header: string) => Promise<string>;
  /** A token of our own key and header over any payload. */
  readonly over: (payload: string | Uint8Array) => Promise<string>;
  /** What a token is called whose part at each place is empty; as many as it has parts. */
  readonly faultsOfEmptyParts: readonly string[];
  /** Parts that tokens of one process have in common, besides the first. */
  readonly shared: readonly number[];
  /** Parts whose last character may be spelled otherwise: the name, the place, and the number of other spellings. */
  readonly spelled: [name: string, part: number, count: number][];
  /** Options that make tokens for somebody else, beside those of every kind. */
  readonly foreign: [whose: string, options: Partial<Options>][];
  /** Texts that look like tokens of this kind; made of any characters and more. */
  readonly forms: (units: fc.Arbitrary<string>) => fc.Arbitrary<string>;
}

/** What a token that is not opened is called. */
const FAULT = /^(malformed|unknown-key|forged|claims)$/;

/** Bytes that are derived from the secret for the name `session` in the context `shop/test`. */
export function derived(kind: string, length: number): Buffer {
  const info = ["web-session-store", "1", kind, "session", "shop/test"].join("\0");
  return Buffer.from(hkdfSync("sha256", SECRET, "", info, length));
}

export function base64url(text: string | Uint8Array): string {
  return Buffer.from(text).toString("base64url");
}

/** The token with one part put in place of another. */
export function withPart(token: string, at: number, part: string): string {
  return token.split(".").with(at, part).join(".");
}

/** What the JSON of claims says. */
export function payloadOf({ data, ...claims }: Claims): string {
  return JSON.stringify({ ...claims, ...(data !== undefined && { data: JSON.parse(data) }) });
}

/** The text with one character put in place of another. */
function withCharacter(text: string, at: number, character: string): string {
  return text.slice(0, at) + character + text.slice(at + 1);
}

/** Declares the tests. */
export function describeCodec<Options extends CodecOptions>(kind: CodecKind<Options>): void {
  describeOpening(kind);
  describeHeaders(kind);
  describeRefusals(kind);
  describePayloads(kind);
  describeSecrets(kind);
  describeFailures(kind);
}

function describeOpening<Options extends CodecOptions>({ name, make, options, claims, drawn }: CodecKind<Options>): void {
  const codec = make(options, webCrypto);

  describe(`${name}()`, () => {
    it("opens what it seals", async () => {
      expect(await codec.open(await codec.seal(claims))).toEqual({ claims });
    });

    it("opens what it seals, whatever the claims are", async () => {
      const data = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()).map((value) => JSON.stringify(value));
      const drawing = fc.record(
        { sid: fc.stringMatching(/^[\w-]{15,64}$/), start: fc.maxSafeNat(), sub: fc.string({ unit: "binary" }), data },
        { requiredKeys: drawn },
      );
      await fc.assert(
        fc.asyncProperty(drawing, async (some) => {
          const token = await codec.seal({ ...claims, ...some });
          const normal = some.data === undefined ? {} : { data: JSON.stringify(JSON.parse(some.data)) };
          expect(await codec.open(token)).toEqual({ claims: { ...claims, ...some, ...normal } });
        }),
      );
    });

    it("keeps __proto__ keys, emoji and control characters of data", async () => {
      const data = '{"__proto__":{"a":1},"constructor":null,"😀":"👩‍👩‍👧 \\u0000\\u001f\\n\u2028\u007f","\\ud800":"\\udfff"}';
      const token = await codec.seal({ ...claims, sub: "zoë\u0000😀", data });
      expect(await codec.open(token)).toEqual({ claims: { ...claims, sub: "zoë\u0000😀", data } });
    });

    it("derives its keys once for many tokens, and not before the first", async () => {
      const derive = vi.fn(webCrypto.derive);
      const { open, seal } = make(options, { ...webCrypto, derive });
      expect(derive).not.toHaveBeenCalled();
      for (let round = 0; round < 3; round++) await open(await seal(claims));
      expect(derive).toHaveBeenCalledTimes(2);
    });
  });
}

function describeHeaders<Options extends CodecOptions>({ name, spied, header, underHeader }: CodecKind<Options>): void {
  const text = JSON.stringify(header);
  const escaped = header.alg.replace(/^./, (first) => `\\u00${first.charCodeAt(0).toString(16)}`);

  describe(`${name}() refuses a token whose header is not byte for byte ours:`, () => {
    it.each([
      ["alg none", JSON.stringify({ ...header, alg: "none" })],
      ["alg in lower case", JSON.stringify({ ...header, alg: header.alg.toLowerCase() })],
      ["a critical member", JSON.stringify({ ...header, crit: ["exp"] })],
      ["a member twice", text.replace("{", '{"alg":"none",')],
      ["white space", text.replace(",", ", ")],
      ["a line break after it", `${text}\n`],
      ["an escape", text.replace(header.alg, escaped)],
      ["nothing", ""],
      ["no JSON", "header"],
    ])("%s", async (_, said) => {
      const { codec, tried } = spied();
      expect(await codec.open(await underHeader(base64url(said)))).toBe("unknown-key");
      expect(tried).not.toHaveBeenCalled();
    });

    it("another spelling of the same bytes", async () => {
      const { codec, tried } = spied();
      const ours = base64url(text);
      expect(await codec.open(await underHeader(ours))).toHaveProperty("claims");
      tried.mockClear();
      for (const spelling of [`${ours}=`, ` ${ours}`, `${ours} `, ours.slice(0, -1), `${ours}\ud800`]) {
        expect(await codec.open(await underHeader(spelling))).toBe("unknown-key");
      }
      expect(tried).not.toHaveBeenCalled();
    });
  });
}

function describeRefusals<Options extends CodecOptions>(kind: CodecKind<Options>): void {
  const { name, claims, faultsOfEmptyParts } = kind;
  const codec = kind.make(kind.options, webCrypto);
  const parts = faultsOfEmptyParts.length;
  const places = faultsOfEmptyParts.map((_fault, part) => part);

  describe(`${name}() refuses`, () => {
    it.each([
      ["an empty text", ""],
      ["one part", "abc"],
      ["dots alone", ".".repeat(parts - 1)],
      ["a thousand dots", ".".repeat(1000)],
      ["a lone surrogate", "\ud800"],
      ["lone surrogates in every part", places.map((part) => (part % 2 === 0 ? "\ud800" : "\udc00")).join(".")],
      ["JSON", payloadOf(claims)],
      ["a NUL", "\0"],
      [
        "the name of something every object has",
        ["constructor", "__proto__", "toString", "valueOf", "length"].slice(0, parts).join("."),
      ],
    ])("%s", async (_, text) => {
      expect(await codec.open(text)).toMatch(FAULT);
    });

    it("a token with too few or too many parts", async () => {
      const token = await codec.seal(claims);
      const all = token.split(".");
      for (let count = 1; count < parts; count++) expect(await codec.open(all.slice(0, count).join("."))).toBe("malformed");
      for (const text of [`${token}.`, `.${token}`, `${token}.${all.at(-1)}`, token.replaceAll(".", "")]) {
        expect(await codec.open(text)).toBe("malformed");
      }
    });

    it("a token that is cut short anywhere", async () => {
      const token = await codec.seal(claims);
      for (let length = 0; length < token.length; length++) expect(await codec.open(token.slice(0, length))).toMatch(FAULT);
    });

    it.each(places.slice(1))("a token with part %i of another token, of this process and of another one", async (part) => {
      const token = await codec.seal(claims);
      const sid = [...claims.sid].reverse().join("");
      const others = [codec, kind.make(kind.options, webCrypto)].map((maker) => maker.seal({ ...claims, sid }));
      const parts = (await Promise.all(others)).map((other) => other.split(".")[part] as string);
      // Tokens of one process have their content key in common, so that this part is no other.
      const different = parts.filter((other) => other !== token.split(".")[part]);
      expect(different).toContain(parts[1]);
      expect(different).toHaveLength(kind.shared.includes(part) ? 1 : 2);
      for (const other of different) expect(await codec.open(withPart(token, part, other))).toBe("forged");
      // Both open as they are.
      for (const other of await Promise.all(others)) expect(await codec.open(other)).toEqual({ claims: { ...claims, sid } });
    });

    it.each(faultsOfEmptyParts.map((fault, part) => [part, fault] as const))(
      "a token whose part %i is empty, as %s",
      async (part, fault) => {
        expect(await codec.open(withPart(await codec.seal(claims), part, ""))).toBe(fault);
      },
    );

    it("a token with any bit of any character flipped", async () => {
      const token = await codec.seal(claims);
      for (let at = 0; at < token.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          const character = String.fromCharCode(token.charCodeAt(at) ^ (1 << bit));
          expect(await codec.open(withCharacter(token, at, character))).toMatch(FAULT);
        }
      }
    });

    it.each(kind.spelled)("every other spelling of the last character of the %s", async (_, part, count) => {
      const token = await codec.seal(claims);
      const text = token.split(".")[part] as string;
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const same = [...alphabet]
        .map((last) => text.slice(0, -1) + last)
        .filter((varied) => varied !== text && Buffer.from(varied, "base64url").equals(Buffer.from(text, "base64url")));
      expect(same).toHaveLength(count);
      for (const varied of same) expect(await codec.open(withPart(token, part, varied))).toBe("malformed");
    });

    it("every text that nobody made, without throwing", async () => {
      const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
      await fc.assert(
        fc.asyncProperty(fc.oneof(units, kind.forms(units)), async (text) => {
          expect(await codec.open(text)).toMatch(FAULT);
        }),
        { numRuns: 500 },
      );
    });
  });
}

function describePayloads<Options extends CodecOptions>(kind: CodecKind<Options>): void {
  const { name, make, options, claims, over } = kind;
  const codec = make(options, webCrypto);

  describe(`${name}() refuses`, () => {
    it.each([
      ["no JSON", "sid"],
      ["a list", "[]"],
      ["nothing", ""],
      ["claims without an id", JSON.stringify({ ...JSON.parse(payloadOf(claims)), sid: undefined })],
      ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
    ])("a good token of our own key over %s", async (_, payload) => {
      expect(await codec.open(await over(payloadOf(claims)))).toEqual({ claims });
      expect(await codec.open(await over(payload))).toBe("claims");
    });

    it.each([
      ["another name", { name: "other" }],
      ["the user's name", { name: baseOf(USER_COOKIE) }],
      ["another context", { context: "shop/production" }],
      ["no context", { context: "" }],
      ["another secret", { secrets: [OTHER_SECRET] }],
      ...kind.foreign,
    ] as [string, Partial<Options>][])("a token made for %s, also under our own header", async (_, more) => {
      const foreign = await make({ ...options, ...more }, webCrypto).seal(claims);
      expect(await codec.open(foreign)).toBe("unknown-key");
      const ours = (await codec.seal(claims)).split(".")[0] as string;
      expect(await codec.open(withPart(foreign, 0, ours))).toBe("forged");
    });
  });
}

function describeSecrets<Options extends CodecOptions>({ name, make, options, spied, claims }: CodecKind<Options>): void {
  const codec = make(options, webCrypto);
  const old = make({ ...options, secrets: [OLD_SECRET] }, webCrypto);
  const both = make({ ...options, secrets: [SECRET, OLD_SECRET] }, webCrypto);
  const withSecrets = (secrets: string[]) => spied({ secrets } as unknown as Partial<Options>);

  describe(`${name}() with several secrets`, () => {
    it("opens a token of the older secret and says which key it was", async () => {
      const token = await old.seal(claims);
      const { kid } = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
      expect(await both.open(token)).toEqual({ claims, olderKey: kid });
    });

    it("makes tokens with the first secret, and says nothing of an older key for them", async () => {
      const token = await both.seal(claims);
      expect(await codec.open(token)).toEqual({ claims });
      const opened = await both.open(token);
      expect(opened).toEqual({ claims });
      expect(opened).not.toHaveProperty("olderKey");
    });

    it("tries one key only", async () => {
      const several = withSecrets([SECRET, OLD_SECRET, OTHER_SECRET]);
      await several.codec.open(await old.seal(claims));
      expect(several.tried).toHaveBeenCalledTimes(1);
    });

    it("does not open a token of a secret that was removed", async () => {
      const rotated = withSecrets([SECRET]);
      expect(await rotated.codec.open(await old.seal(claims))).toBe("unknown-key");
      expect(rotated.tried).not.toHaveBeenCalled();
    });
  });
}

function describeFailures<Options extends CodecOptions>({ name, make, options, spied, claims }: CodecKind<Options>): void {
  const codec = make(options, webCrypto);

  describe(`${name}() when cryptography fails`, () => {
    it.each([
      [
        "that keys could not be derived",
        () => ({ derive: vi.fn(webCrypto.derive).mockRejectedValueOnce(new Error("out of order")) }),
      ],
      [
        "that a key could not be imported",
        () => ({ importKey: vi.fn(webCrypto.importKey).mockRejectedValueOnce(new Error("out of order")) }),
      ],
    ])("throws, and does not remember %s", async (_what, failing) => {
      const token = await codec.seal(claims);
      const opening = make(options, { ...webCrypto, ...failing() });
      await expect(opening.open(token)).rejects.toThrow("out of order");
      expect(await opening.open(token)).toEqual({ claims });
      expect(await codec.open(await opening.seal(claims))).toEqual({ claims });
      const sealing = make(options, { ...webCrypto, ...failing() });
      await expect(sealing.seal(claims)).rejects.toThrow("out of order");
      expect(await codec.open(await sealing.seal(claims))).toEqual({ claims });
      expect(await sealing.open(token)).toEqual({ claims });
    });

    it("throws when a token cannot be tried, and never takes it for good", async () => {
      const { codec: opening, tried } = spied();
      tried.mockRejectedValueOnce(new Error("out of order"));
      await expect(opening.open(await codec.seal(claims))).rejects.toThrow("out of order");
    });
  });
}
