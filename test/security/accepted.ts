/** Codecs of other software as an application may accept them, and genuine cookies of that software. */
import { CompactEncrypt, CompactSign, exportJWK, generateKeyPair } from "jose";
import { createSessions, ownTokens, type TokenCodec } from "../../src/index.ts";
import { joseTokens } from "../../src/token/jose.ts";
import { Browser } from "../support/browser.ts";
import { OLD_SECRET, OTHER_SECRET } from "../support/secrets.ts";

/** A cookie of other software. */
export type ForeignCookie = readonly [name: string, value: string];

/** What an application accepts, and what its users bring. */
export interface Accepted {
  readonly accept: readonly TokenCodec[];
  readonly cookies: readonly ForeignCookie[];
}

const SECRET_KEY = new TextEncoder().encode(OTHER_SECRET);
const CONTENT_KEY = Buffer.from(OTHER_SECRET, "base64");

/** Signed with a secret, signed with a private key, encrypted, and this library's own of another name and secret. */
export async function acceptedCodecs(now: () => number): Promise<Accepted> {
  const pair = await generateKeyPair("ES256");
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid: "k1" };
  const iat = now();
  const said = (sub: string) =>
    new TextEncoder().encode(JSON.stringify({ sid: sub.repeat(5), start: iat, iat, exp: iat + 6000, sub, data: { from: sub } }));
  const own = await ownCookie(now);
  return {
    accept: [
      joseTokens({ cookie: "signed", algorithms: ["HS256"], key: SECRET_KEY }),
      joseTokens({ cookie: "pair", algorithms: ["ES256"], getKey: ({ kid }) => (kid === "k1" ? publicKey : null), typ: "JWT" }),
      joseTokens({ cookie: "sealed", algorithms: ["dir"], encryption: ["A256GCM"], key: CONTENT_KEY }),
      // The same name as ours: one codec gets what is meant for another.
      joseTokens({ algorithms: ["HS256"], key: SECRET_KEY }),
      ownTokens({ secrets: OLD_SECRET, name: "old" }),
    ],
    cookies: [
      ["signed", await new CompactSign(said("carol")).setProtectedHeader({ alg: "HS256" }).sign(SECRET_KEY)],
      ["__Host-session", await new CompactSign(said("david")).setProtectedHeader({ alg: "HS256", kid: "x" }).sign(SECRET_KEY)],
      [
        "pair",
        await new CompactSign(said("erika")).setProtectedHeader({ alg: "ES256", kid: "k1", typ: "JWT" }).sign(pair.privateKey),
      ],
      ["sealed", await new CompactEncrypt(said("frank")).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(CONTENT_KEY)],
      own,
    ],
  };
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
