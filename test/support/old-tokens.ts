/** Tokens of other software in cookies, browsers that hold them, and applications that accept them. */
import { CompactSign } from "jose";
import type { AcceptedCodec } from "../../src/accept/define.ts";
import { joseTokens } from "../../src/accept/jose.ts";
import type { Session, SessionOptions } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { type App, makeApp, type StoredApp } from "./app.ts";
import type { Browser } from "./browser.ts";
import { Clock, DAY } from "./clock.ts";
import { koaCookies } from "./koa-cookies.ts";
import { OLD_SECRET } from "./secrets.ts";

const OLD_KEY = new TextEncoder().encode(OLD_SECRET);
/** When these tokens were made. */
export const START: number = new Clock().now();

/** A signed token of other software, in the cookie `old`. */
export async function oldToken(said: Record<string, unknown>, key: Uint8Array = OLD_KEY): Promise<string> {
  const payload = { start: START, iat: START, exp: START + 30 * DAY, ...said };
  const text = new TextEncoder().encode(JSON.stringify(payload));
  return `old=${await new CompactSign(text).setProtectedHeader({ alg: "HS256" }).sign(key)}`;
}

/** What reads them. */
export const old = (): AcceptedCodec => joseTokens({ cookie: "old", algorithms: ["HS256"], key: OLD_KEY });

/** An application that accepts them. */
export const acceptingOld = (store: DefinedStore, more: Partial<SessionOptions> = {}): StoredApp =>
  makeApp({ accept: [old()], ...more, store });

/** A browser that holds these cookies and nothing else. */
export function withCookie(app: App, cookies: string): Browser {
  return app.newBrowser().hold(cookies);
}

/** What a request sees. */
export const seen = (session: Session): unknown => [session.subject, { ...session.data }];
/** What it sees without a session. */
export const NOBODY: unknown = [undefined, {}];

/** The cookies of a session of koa-session-store. */
export function koaCookie(said: Record<string, unknown>): string {
  return koaCookies(JSON.stringify(said), [OLD_SECRET]);
}
