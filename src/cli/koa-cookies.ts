/**
 * Inspects cookies of Koa's compatible mode: JSON, with a Keygrip signature in a second cookie.
 *
 * @module
 */
import { type JsonObject, parseData } from "../ground/json.ts";
import { isSessionId } from "../ground/session-id.ts";
import { keygripSigner } from "../token/node-crypto.ts";
import type { PastedCookie } from "./cookies.ts";
import { type Finding, rowsAbout, type Said, type Setting } from "./finding.ts";
import { count, printableName } from "./text.ts";

const DEFAULT_NAME = "koa:sess";

/** The session in a cookie of koa-session-store, or of this library's Koa mode. Null if the value is not one. */
export function koaSession(value: string): JsonObject | null {
  const json = value.startsWith("{") ? parseData(value) : null;
  return isSessionId(json?._sid) ? json : null;
}

/** The report on such a cookie. */
export async function inspectKoaCookie(cookie: PastedCookie, json: JsonObject, setting: Setting): Promise<Finding> {
  const { _sid, _start, _exp, _sub, ...rest } = json;
  // Without `_start`, they belong to the application's data.
  const { _idle, _abs } = _start === undefined ? {} : rest;
  if (_start !== undefined) for (const name of ["_idle", "_abs"]) delete rest[name];
  const isEmpty = Object.keys(rest).length === 0;
  const said: Said = {
    sid: _sid as string,
    start: typeof _start === "number" ? _start : undefined,
    exp: typeof _exp === "number" ? _exp : undefined,
    sub: typeof _sub === "string" ? _sub : undefined,
    idle: typeof _idle === "number" ? _idle : undefined,
    abs: typeof _abs === "number" ? _abs : undefined,
    data: isEmpty ? undefined : JSON.stringify(rest),
  };
  const what = isEmpty ? "no data: it may be in a store, or there is none" : "the session, readable";
  const { proof, fault } = await signatureOf(cookie, setting);
  const late = said.exp !== undefined && setting.now >= said.exp ? "expired" : undefined;
  const verdict = (fault ?? late) === undefined ? "yes" : fault === undefined ? "no: expired" : fault;
  return {
    opens: (fault ?? late) === undefined,
    rows: [
      ["kind", `Koa's compatible mode (Keygrip): ${what}`],
      ...(proof === undefined ? [] : ([["secret", proof]] as const)),
      ["opens", verdict],
      ...rowsAbout(said, setting).map(([label, text]) => [label, fault === undefined ? text : `${text} (not verified)`] as const),
    ],
  };
}

/** Which of `app.keys` signed it, or why none did. Weak keys are tried too, since Koa accepts them. */
async function signatureOf(cookie: PastedCookie, { secrets, name }: Setting): Promise<{ proof?: string; fault?: string }> {
  const signedName = cookie.name ?? name ?? DEFAULT_NAME;
  const { value, signature } = cookie;
  if (signature === undefined || signature === "") {
    return {
      fault: `no: the signature is missing, the cookie "${printableName(`${signedName}.sig`)}". Accepted only with signed: false`,
    };
  }
  if (secrets.length === 0)
    return { fault: "not tried: no key was given. Set SESSION_SECRET to app.keys, or use --secrets-file" };
  for (const algorithm of ["sha1", "sha256"] as const) {
    const index = await keygripSigner(secrets, algorithm).index(`${signedName}=${value}`, signature);
    if (index >= 0) return { proof: `number ${index + 1} of ${secrets.length}, HMAC-${algorithm.toUpperCase()}` };
  }
  return { fault: `no: bad signature. None of ${count(secrets.length, "key")} signed it under this name` };
}
