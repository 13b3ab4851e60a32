/**
 * Recognizes cookies of other session software, by value or default name, and says how to accept them.
 *
 * @module
 */
import { isSessionId } from "../ground/session-id.ts";
import { decodeValue, STAMPS } from "../token/koa-session-values.ts";
import type { PastedCookie } from "./cookies.ts";
import type { Finding } from "./finding.ts";
import { joseHeader } from "./own-tokens.ts";
import { printable, printableName } from "./text.ts";

type Rows = Finding["rows"];

/** The default names. */
const KOA_SESSION = "koa.sess";
const EXPRESS_SESSION = "connect.sid";

/** The report on a cookie that this library did not make. */
export function inspectForeign(cookie: PastedCookie): Finding {
  return { opens: null, rows: tokenRows(cookie) ?? expressRows(cookie) ?? koaRows(cookie) ?? [["kind", otherKind(cookie)]] };
}

function tokenRows({ value }: PastedCookie): Rows | undefined {
  const header = joseHeader(value);
  if (typeof header?.alg !== "string") return undefined;
  return [
    ["kind", `a token of other software (${printable(header.alg.slice(0, 20))})`],
    ["accept", "joseTokens() of web-session-store/accept/jose reads it, with the key that signed or encrypted it"],
  ];
}

function expressRows({ name, value }: PastedCookie): Rows | undefined {
  const isSigned = /^s(:|%3A)/i.test(value);
  if (!isSigned && name !== EXPRESS_SESSION) return undefined;
  const kind = isSigned
    ? "a signed id of express-session or similar software; the session is in that application's store"
    : "express-session's by its name, but it has no signature: it is incomplete, or from other software";
  const accept =
    "no built-in codec reads it; with defineCodec() of web-session-store/accept/define, write one that asks that store";
  return [
    ["kind", kind],
    ["accept", accept],
  ];
}

function koaRows({ name, value, signature }: PastedCookie): Rows | undefined {
  const json = decodeValue(value);
  const isWhole = json !== null && STAMPS.some((stamp) => stamp in json);
  if (!isWhole && name !== KOA_SESSION) return undefined;
  const kind = isWhole
    ? "koa-session's: the session, readable by anyone"
    : "koa-session's by its name: a key in that application's store, or written by its option encode";
  const sig = printableName(`${name ?? KOA_SESSION}.sig`);
  const unsigned = `no: the cookie "${sig}" is missing, and without that signature it is not accepted`;
  return [
    ["kind", kind],
    ["signed", signature ? `by the cookie "${sig}", which was not checked` : unsigned],
    ["accept", "koaSessionTokens() of web-session-store/accept/koa-session reads it, with app.keys and with that store"],
    ["or", "on Koa, session() of web-session-store/koa-session continues it"],
  ];
}

function otherKind({ name, value }: PastedCookie): string {
  if (name === undefined && isSessionId(value))
    return "a session's public id, as in a store or a log; without a token it opens nothing";
  return "not a session cookie of this library";
}
