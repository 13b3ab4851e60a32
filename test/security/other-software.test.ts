/** Rows of docs/security.md for tokens of other software: what `accept` and joseTokens() take, and what they never do. */

import fc from "fast-check";
import { base64url, CompactEncrypt, CompactSign, exportJWK, exportSPKI, generateKeyPair, type JWK } from "jose";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type AcceptedCodec, defineCodec } from "../../src/accept/define.ts";
import { joseTokens } from "../../src/accept/jose.ts";
import { ownTokens } from "../../src/accept/own.ts";
import type { SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../support/secrets.ts";

const NOW = 1_800_000_000;
const KEY = Buffer.from(OTHER_SECRET, "base64");
const SAID = { sid: "abcdefghijklmnopqrstuvwx", start: NOW, iat: NOW, exp: NOW + 3600, sub: "admin", data: { a: 1 } };
const FAULT = /^(malformed|unknown-key|forged|claims)$/;
const bytesOf = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const sign = (said: unknown, header: object = {}, key: Parameters<CompactSign["sign"]>[0] = KEY) =>
  new CompactSign(bytesOf(said)).setProtectedHeader({ alg: "HS256", ...header }).sign(key);
const seal = (said: unknown, header: object = {}) =>
  new CompactEncrypt(bytesOf(said)).setProtectedHeader({ alg: "dir", enc: "A256GCM", ...header }).encrypt(KEY);
const withHeader = (token: string, header: object) =>
  [base64url.encode(JSON.stringify(header)), ...token.split(".").slice(1)].join(".");

let pair: CryptoKeyPair;
let publicJwk: JWK;
let signed: AcceptedCodec;
let public_: AcceptedCodec;
let sealed: AcceptedCodec;
beforeAll(async () => {
  pair = await generateKeyPair("RS256", { extractable: true });
  publicJwk = await exportJWK(pair.publicKey);
  signed = joseTokens({ algorithms: ["HS256"], key: KEY });
  public_ = joseTokens({ algorithms: ["RS256"], key: publicJwk });
  sealed = joseTokens({ algorithms: ["dir", "A256KW"], encryption: ["A256GCM"], key: KEY });
});
afterEach(() => void vi.restoreAllMocks());

/** Sends a cookie to an application that accepts these codecs; gives whom it takes the sender for, and what the store was asked. */
async function ask(accept: readonly AcceptedCodec[], token: string, more: Partial<SessionOptions> = {}) {
  const store = failingStore();
  const app = makeApp({ store, accept, ...more });
  const seen: unknown[] = [];
  const response = await app.answers((session) => seen.push(session.isNew ? null : session.subject), {
    Cookie: `${VISITOR_COOKIE}=${token}`,
  });
  return { status: response.status, subject: seen[0], calls: store.calls, lines: response.headers.getSetCookie() };
}

describe("tokens of other software", () => {
  it("A6 no store is asked for an id of another form, whoever signed it and whatever a codec answers", async () => {
    const asked: unknown[] = [];
    const whole = memory();
    const store = withMethods(whole, {
      load: (key, options) => {
        asked.push(key.id);
        return whole.load(key, options);
      },
    });
    const ids = ["../../etc/passwd", "", "a", "x".repeat(65), "__proto__", "\0".repeat(20), "'; drop table sessions --", 7];
    for (const sid of ids) {
      expect((await ask([signed], await sign({ ...SAID, sid }), { store })).subject).toBe("admin");
      const codec = defineCodec({ open: () => ({ claims: { ...SAID, sid: sid as string, data: "{}" } }), seal: () => "" });
      expect((await ask([codec], "x", { store })).subject).toBe(null);
    }
    expect(asked.length).toBeGreaterThanOrEqual(ids.length);
    // A session's, or that of the entry which says what a token became.
    for (const id of asked) expect(id).toMatch(/^([\w-]{32}|redeemed-[\w-]{43})$/);
  });

  it("C4 what no accepted codec opens is no session, at no cost: no error, no store, no key before the token has the form", async () => {
    const genuine = [await sign(SAID), await sign(SAID, { alg: "RS256" }, pair.privateKey), await seal(SAID)];
    let keys = 0;
    const asking = joseTokens({
      algorithms: ["HS256"],
      getKey: () => {
        keys++;
        return KEY;
      },
    });
    const codecs = [signed, public_, sealed, asking, ...(["id", "data", "readable"] as const).map(ownOf)];
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const one = fc.constantFrom(...genuine);
    const hostile = fc.oneof(
      fc.array(unit, { maxLength: 60 }).map((units) => units.join("")),
      fc.tuple(one, fc.nat(2000), fc.nat(7)).map(([text, at, bit]) => flip(text, at, bit)),
      fc.tuple(one, fc.nat(2000)).map(([text, length]) => text.slice(0, length % text.length)),
      fc.tuple(one, fc.nat(2000), unit).map(([text, at, piece]) => splice(text, at, piece)),
      fc.tuple(one, one, fc.nat(4)).map(([left, right, at]) => joinAt(left, right, at)),
      fc.tuple(one, fc.constantFrom(".", "A", "=", "\ud800", "🚀"), fc.constantFrom(1, 5000)).map(([a, b, n]) => a + b.repeat(n)),
      fc
        .tuple(fc.object({ key: fc.constantFrom("alg", "enc", "kid", "crit", "zip", "typ", "p2c") }), one)
        .map(([header, text]) => withHeader(text, header)),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (token) => {
        if (genuine.includes(token)) return;
        for (const codec of codecs) expect(await codec.open(token)).toMatch(FAULT);
      }),
      { numRuns: 1000 },
    );
    keys = 0;
    const giants = [".".repeat(1_000_000), "A".repeat(1_000_000), `${genuine[0]}${"A".repeat(1_000_000)}`];
    for (const token of [
      "",
      "x",
      "a.b",
      "...",
      "%00",
      "a.b.c.d.e",
      withHeader(genuine[0] as string, { alg: "none" }),
      ...giants,
    ]) {
      expect(await ask([...codecs], token)).toEqual({ status: 200, subject: null, calls: [], lines: [] });
    }
    expect(keys).toBe(0);
  });

  it("D9 nothing in a token of other software chooses anything: no algorithm, no key, no address, no extension", async () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("fetched"));
    const derived = vi.spyOn(crypto.subtle, "deriveBits");
    const headers: object[] = [
      ...["none", "None", "nOnE", "", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA"].map((alg) => ({ alg })),
      ...[["HS256"], null, 1, { toString: "HS256" }].map((alg) => ({ alg })),
      { alg: "HS256", crit: ["exp"], exp: 1 },
      { alg: "HS256", crit: ["b64"], b64: false },
      { alg: "HS256", crit: [] },
      { alg: "HS256", kid: 7 },
      { alg: "HS256", kid: ["a"] },
      { alg: "HS256", zip: "DEF" },
    ];
    const token = await sign(SAID);
    for (const header of headers) {
      const text = base64url.encode(JSON.stringify(header));
      for (const tried of [withHeader(token, header), `${text}.${token.split(".")[1]}.`, `${text}.${token.split(".")[1]}`]) {
        expect(await ask([signed, public_], tried), JSON.stringify(header)).toMatchObject({ subject: null, calls: [] });
      }
    }
    // A public key that is taken for a secret: in every spelling that the application may have it in.
    const pem = await exportSPKI(pair.publicKey);
    for (const secret of [pem, pem.trim(), publicJwk.n as string, JSON.stringify(publicJwk)]) {
      const confused = await sign(SAID, {}, bytesOf(secret));
      expect(await ask([public_], confused)).toMatchObject({ subject: null, calls: [] });
      expect(await ask([public_], withHeader(confused, { alg: "RS256" }))).toMatchObject({ subject: null, calls: [] });
    }
    // Keys that the token brings along, or says where to find.
    const mallory = await generateKeyPair("RS256", { extractable: true });
    const jwk = await exportJWK(mallory.publicKey);
    const address = "http://127.0.0.1:9/keys";
    for (const more of [
      { jwk },
      { jku: address },
      { x5u: address },
      { x5c: ["AAAA"] },
      { kid: address },
      { kid: "../../dev/null" },
    ]) {
      const own = await sign(SAID, { alg: "RS256", ...more }, mallory.privateKey);
      expect(await ask([public_], own), JSON.stringify(more)).toMatchObject({ subject: null, calls: [] });
    }
    // How much work it makes.
    const start = performance.now();
    const p2 = { enc: "A256GCM", p2c: 2_000_000_000, p2s: "AAAAAAAAAAA" };
    for (const alg of ["PBES2-HS256+A128KW", "PBES2-HS512+A256KW"]) {
      const [, , ...rest] = (await seal(SAID, { alg: "A256KW" })).split(".");
      const tried = [base64url.encode(JSON.stringify({ alg, ...p2 })), "AAAA", ...rest].join(".");
      expect(await ask([sealed], tried)).toMatchObject({ subject: null, calls: [] });
    }
    expect(performance.now() - start).toBeLessThan(5000);
    expect(derived.mock.calls.filter(([how]) => (how as { name: string }).name === "PBKDF2")).toEqual([]);
    expect(fetched).not.toHaveBeenCalled();
    expect((await ask([public_], await sign(SAID, { alg: "RS256", kid: "any" }, pair.privateKey))).subject).toBe("admin");
  });

  it("D9 a key's name finds a key of this application, or none", async () => {
    const keys: Record<string, JWK> = { current: publicJwk };
    const asked: unknown[] = [];
    const getKey = ({ kid = "", ...rest }: { kid?: string }) => {
      asked.push(rest);
      return Object.hasOwn(keys, kid) ? (keys[kid] as JWK) : null;
    };
    const codec = joseTokens({ algorithms: ["RS256"], getKey });
    const own = (kid: string) => sign(SAID, { alg: "RS256", kid, jwk: publicJwk, jku: "https://evil.example" }, pair.privateKey);
    expect((await ask([codec], await own("current"))).subject).toBe("admin");
    for (const kid of ["__proto__", "constructor", "", "Current", "current\0", "other"]) {
      expect(await ask([codec], await own(kid)), kid).toMatchObject({ subject: null, calls: [] });
    }
    for (const hint of asked) expect(hint).toEqual({ alg: "RS256" });
  });

  it("D11 a compressed token of other software is refused, and nothing of it is decompressed", async () => {
    const inflated = vi.spyOn(globalThis, "DecompressionStream");
    for (const length of [10, 900_000]) {
      const bomb = await seal({ ...SAID, data: { a: "a".repeat(length) } }, { zip: "DEF" });
      expect(bomb.length).toBeLessThan(4096);
      expect(await ask([sealed], bomb)).toMatchObject({ subject: null, calls: [] });
    }
    expect(inflated).not.toHaveBeenCalled();
    expect((await ask([sealed], await seal(SAID))).subject).toBe("admin");
  });

  it("D12 an accepted token is redeemed once: after a logout it brings nobody, at once and until it ends", async () => {
    const app = makeApp({ store: memory(), accept: [signed] });
    const Cookie = `${VISITOR_COOKIE}=${await sign(SAID)}`;
    const subjects: unknown[] = [];
    const note = (session: { subject: string | undefined }) => subjects.push(session.subject);
    await app.answers((session) => note(session) && session.logout(), { Cookie });
    for (const seconds of [0, 61, 3500, 3600]) {
      app.clock.pass(seconds);
      await app.answers(note, { Cookie });
    }
    expect(subjects).toEqual(["admin", undefined, undefined, undefined, undefined]);
    // The same for one that only names a session in the store.
    const store = memory();
    const old = makeApp({ store, name: "sid" });
    await old.does((session) => session.login("alice"));
    const now = makeApp({ store, now: old.clock.now, accept: [ownTokens({ secrets: SECRET, name: "sid", kind: "id" })] });
    const named = { Cookie: old.browser.cookieHeader() };
    await now.answers((session) => session.logout(), named);
    await now.answers((session) => expect(session.isNew).toBe(true), named);
  });

  it("D12 without a store an accepted token brings its session back until it ends, also after a logout, as documented", async () => {
    const app = makeApp({ accept: [signed] });
    const Cookie = `${VISITOR_COOKIE}=${await sign(SAID)}`;
    const subjects: unknown[] = [];
    const note = (session: { subject: string | undefined }) => subjects.push(session.subject);
    await app.answers((session) => note(session) && session.logout(), { Cookie });
    await app.answers(note, { Cookie });
    app.clock.pass(3600);
    await app.answers(note, { Cookie });
    expect(subjects).toEqual(["admin", "admin", undefined]);
  });
});

function ownOf(kind: "id" | "data" | "readable" | "user"): AcceptedCodec {
  return ownTokens({ secrets: OLD_SECRET, name: "old", kind });
}

function flip(text: string, at: number, bit: number): string {
  const place = at % text.length;
  return splice(text, place, String.fromCharCode(text.charCodeAt(place) ^ (1 << bit)));
}

function splice(text: string, at: number, piece: string): string {
  const place = at % text.length;
  return text.slice(0, place) + piece + text.slice(place + 1);
}

function joinAt(left: string, right: string, at: number): string {
  return [...left.split(".").slice(0, at), ...right.split(".").slice(at)].join(".");
}
