/** Codecs of other software as an application may accept them, and genuine cookies of that software. */

import { CompactEncrypt, CompactSign, exportJWK, generateKeyPair } from "jose";
import type { AcceptedCodec } from "../../src/accept/define.ts";
import { joseTokens } from "../../src/accept/jose.ts";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions } from "../../src/index.ts";
import { Browser } from "../support/browser.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { OLD_SECRET, OTHER_SECRET } from "../support/secrets.ts";
import { fakeKoa } from "./fake-koa.ts";

/** A cookie of other software. */
export type ForeignCookie = readonly [name: string, value: string];

/** What an application accepts, and what its users bring. */
export interface Accepted {
  readonly accept: readonly AcceptedCodec[];
  readonly sessions: readonly (readonly ForeignCookie[])[];
}

const SECRET_KEY = new TextEncoder().encode(OTHER_SECRET);
const CONTENT_KEY = Buffer.from(OTHER_SECRET, "base64");

/** Signed with a secret, signed with a private key, encrypted; this library's own of another name and secret; and Koa's. */
export async function acceptedCodecs(now: () => number): Promise<Accepted> {
  const pair = await generateKeyPair("ES256");
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid: "k1" };
  const iat = now();
  const said = (sub: string) =>
    new TextEncoder().encode(JSON.stringify({ sid: sub.repeat(5), start: iat, iat, exp: iat + 6000, sub, data: { from: sub } }));
  const singles = await Promise.all([
    cookie("signed", new CompactSign(said("carol")).setProtectedHeader({ alg: "HS256" }).sign(SECRET_KEY)),
    cookie(VISITOR_COOKIE, new CompactSign(said("david")).setProtectedHeader({ alg: "HS256", kid: "x" }).sign(SECRET_KEY)),
    cookie(
      "pair",
      new CompactSign(said("erika")).setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" }).sign(pair.privateKey),
    ),
    cookie("sealed", new CompactEncrypt(said("frank")).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(CONTENT_KEY)),
    ownCookie(now),
  ]);
  return {
    accept: [
      joseTokens({ cookie: "signed", algorithms: ["HS256"], key: SECRET_KEY }),
      joseTokens({ cookie: "pair", algorithms: ["ES256"], getKey: ({ kid }) => (kid === "k1" ? publicKey : null), typ: "JWT" }),
      joseTokens({ cookie: "sealed", algorithms: ["dir"], encryption: ["A256GCM"], key: CONTENT_KEY }),
      // The same name as ours: one codec gets what is meant for another.
      joseTokens({ algorithms: ["HS256"], key: SECRET_KEY }),
      ownTokens({ secrets: OLD_SECRET, name: "old" }),
      koaTokens({ keys: [OLD_SECRET], now }),
    ],
    sessions: [...singles.map((one) => [one]), await koaCookies(now)],
  };
}

async function cookie(name: string, token: Promise<string>): Promise<ForeignCookie> {
  return [name, await token];
}

/** The value and its signature, each a cookie. */
async function koaCookies(now: () => number): Promise<ForeignCookie[]> {
  const browser = new Browser(() => new Response());
  const ask = fakeKoa(koaSession({ now, idleTimeout: 6000 }), [OLD_SECRET]);
  const { setCookie } = await ask(null, (session) => Object.assign(session.data, { from: "koa" }));
  browser.receive(new Response(null, { headers: setCookie.map((line): [string, string] => ["Set-Cookie", line]) }));
  return [...browser.cookies].map(([name, { value }]) => [name, value] as const);
}

async function ownCookie(now: () => number): Promise<ForeignCookie> {
  const old = createSessions({ secrets: OLD_SECRET, name: "old", now });
  const browser = new Browser(
    old.handler((_request, session) => {
      session.login("grace");
      return new Response();
    }),
  );
  await browser.visit("/");
  const [[name, { value }] = ["", { value: "" }]] = browser.cookies;
  return [name, value];
}
