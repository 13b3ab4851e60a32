/** Who makes tokens that one application accepts: of every kind, under several names, keys and contexts. */
import { CompactEncrypt, CompactSign, type CryptoKey, exportJWK, generateKeyPair } from "jose";
import type { AcceptedCodec } from "../../src/accept/define.ts";
import { joseTokens } from "../../src/accept/jose.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { createSessions } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { encryptedTokens } from "../../src/token/encrypted.ts";
import { checkSecrets } from "../../src/token/secrets.ts";
import { signedTokens } from "../../src/token/signed.ts";
import { webCrypto } from "../../src/token/web-crypto.ts";
import { Browser } from "./browser.ts";
import { DAY } from "./clock.ts";
import { userCookie, visitorCookie } from "./cookie-names.ts";
import { koaCookies } from "./koa-cookies.ts";
import { OLD_SECRET, OTHER_SECRET } from "./secrets.ts";

/** What a token says, as far as its kind can. */
export interface Said {
  readonly sid: string | undefined;
  readonly jti: string | undefined;
  readonly iss: string | undefined;
  readonly sub: string | undefined;
  /** The data, which makes it another token. Nothing in a token says who made it but its key, its cookie and its form. */
  readonly note: string;
}

export interface Issuer {
  readonly name: string;
  readonly codec: AcceptedCodec;
  /** The cookies that hold a token, spelled in another way each time where that is possible. */
  make(said: Said): Promise<string>;
  /** The part of what is said that is in the token; undefined where that names neither a user nor a session. */
  proves(said: Said): unknown;
  /** Who is logged in by it. */
  subjectOf(said: Said): string | undefined;
}

const [KEY, KEY2] = [OLD_SECRET, OTHER_SECRET].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
const CONTENT_KEY = KEY.subarray(0, 32);
const NO_NAME = "a-session-without-a-name";

/** Every kind of them, for a store or for none. Tokens are made at this time. */
export async function makeIssuers(store: DefinedStore | undefined, now: number): Promise<Issuer[]> {
  const pair = await generateKeyPair("ES256");
  const publicKey = await exportJWK(pair.publicKey);
  const times = { iat: now, exp: now + 30 * DAY };
  const signed = (sign: (text: Uint8Array) => Promise<string>) => (said: object) =>
    sign(new TextEncoder().encode(JSON.stringify({ ...said, ...times, start: now })));
  const hmac = (key: Uint8Array) => signed((text) => new CompactSign(text).setProtectedHeader({ alg: "HS256" }).sign(key));
  const es256 = signed((text) => new CompactSign(text).setProtectedHeader({ alg: "ES256" }).sign(pair.privateKey as CryptoKey));
  const dir = signed((text) => new CompactEncrypt(text).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(CONTENT_KEY));
  const named = ({ sub, ...claims }: { sub?: string }) => ({ ...claims, sub: sub && `partner:${sub}` });
  return [
    koa("koa", "koa:sess", OLD_SECRET),
    koa("koa with another key", "koa:sess", OTHER_SECRET),
    koa("koa under another name", "app:sess", OLD_SECRET),
    jose("jose", "signed", hmac(KEY), joseTokens({ cookie: "signed", algorithms: ["HS256"], key: KEY })),
    // Whoever has this key may speak for some users only, and puts its tokens where others put theirs.
    {
      ...jose(
        "a partner",
        "signed",
        hmac(KEY2),
        joseTokens({ cookie: "signed", algorithms: ["HS256"], key: KEY2, claims: named as never }),
      ),
      subjectOf: ({ sub }) => sub && `partner:${sub}`,
    },
    jose("jose by a private key", "pair", es256, joseTokens({ cookie: "pair", algorithms: ["ES256"], getKey: () => publicKey })),
    jose(
      "jose, encrypted",
      "sealed",
      dir,
      joseTokens({ cookie: "sealed", algorithms: ["dir"], encryption: ["A256GCM"], key: CONTENT_KEY }),
    ),
    own("ours, encrypted", "old", "", "data", now),
    own("ours of another context", "old", "elsewhere", "data", now),
    own("ours of another name", "older", "", "data", now),
    own("ours, readable", "old", "", "readable", now),
    ...(store === undefined ? [] : [ownId(store, now)]),
  ];
}

/** The cookie of koa-session-store: JSON, and Keygrip's signature over its name and value. */
function koa(name: string, cookie: string, key: string): Issuer {
  const proves = ({ sid = NO_NAME, note }: Said) => ({ _sid: sid, note });
  const make = async (said: Said) => koaCookies(JSON.stringify(proves(said)), [key], cookie);
  return { name, codec: koaTokens({ keys: [key], name: cookie }), make, proves, subjectOf: () => undefined };
}

function jose(name: string, cookie: string, sign: (said: object) => Promise<string>, codec: AcceptedCodec): Issuer {
  const proves = ({ sid, jti, iss, sub, note }: Said) => {
    return sid === undefined && jti === undefined && sub === undefined ? undefined : { sid, jti, iss, sub, note };
  };
  const make = async ({ note, ...said }: Said) => `${cookie}=${await sign({ ...said, data: { note } })}`;
  return { name, codec, make, proves, subjectOf: ({ sub }) => sub };
}

/** A manager of ours can be made to say any name for a session, if its secret is known. */
function own(name: string, cookie: string, context: string, kind: "data" | "readable", now: number): Issuer {
  const scope = { secrets: checkSecrets(OLD_SECRET), name: cookie, context };
  const maker = kind === "data" ? encryptedTokens({ ...scope, kind }, webCrypto) : signedTokens({ ...scope, kind }, webCrypto);
  const proves = ({ sid = NO_NAME, sub, note }: Said) => ({ sid, sub, note });
  const make = async (said: Said) => {
    const { sid, sub, note } = proves(said);
    const claims = {
      sid,
      start: now,
      iat: now,
      exp: now + 30 * DAY,
      ...(sub !== undefined && { sub }),
      data: JSON.stringify({ note }),
    };
    const named = sub === undefined ? visitorCookie(cookie) : userCookie(cookie);
    return `${named}=${await maker.seal(claims as Parameters<typeof maker.seal>[0])}`;
  };
  return {
    name,
    codec: ownTokens({ secrets: OLD_SECRET, name: cookie, context, kind }),
    make,
    proves,
    subjectOf: ({ sub }) => sub,
  };
}

/** Tokens that name sessions in the same store, of a manager that had another name. */
function ownId(store: DefinedStore, now: number): Issuer {
  const old = createSessions({ secrets: OLD_SECRET, store, name: "ancient", now: () => now });
  const cookies = new Map<string, Promise<string>>();
  const begin = async ({ sub, note }: Said) => {
    const browser = new Browser(
      old.handler((_request, session) => {
        session.data.note = note;
        if (sub !== undefined) session.login(sub);
        return new Response();
      }),
    );
    await browser.visit("/");
    return browser.cookieHeader();
  };
  const proves = ({ sub, note }: Said) => ({ sub, note });
  const make = (said: Said) => {
    const name = JSON.stringify(proves(said));
    const cookie = cookies.get(name) ?? begin(said);
    cookies.set(name, cookie);
    return cookie;
  };
  const codec = ownTokens({ secrets: OLD_SECRET, name: "ancient", kind: "id" });
  return { name: "ours by id", codec, make, proves, subjectOf: ({ sub }) => sub };
}
