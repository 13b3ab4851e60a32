/**
 * This library's own tokens of another name, context, kind or version: to be read while an application changes from one to another.
 *
 * @module
 */

import { everySessionCookie } from "../cookie/names.ts";
import { cookieValues } from "../cookie/parse.ts";
import { baseName, type CookieOptions } from "../cookie/serialize.ts";
import { cannot } from "../ground/errors.ts";
import { checkGiven, refuseUnknown } from "../ground/option-values.ts";
import type { TokenCodec } from "../token/codec.ts";
import { encryptedTokens } from "../token/encrypted.ts";
import { checkSecrets, type Secrets } from "../token/secrets.ts";
import { signedTokens } from "../token/signed.ts";
import { webCrypto } from "../token/web-crypto.ts";
import { OWN } from "./accept.ts";
import { type AcceptedCodec, defineCodec } from "./define.ts";

/** How the tokens were made. */
export interface OwnTokensOptions {
  /** The secrets they were made with. */
  secrets: Secrets;
  /**
   * What stood in the cookie: `"data"`, encrypted, the default; `"readable"`, signed; `"id"`, where a store keeps the session; `"user"`,
   * where a store keeps its data alone, as `plain`, `connect` and `unstorage` do.
   */
  kind?: "data" | "readable" | "id" | "user";
  /** The option `name` that the tokens were made with. Default `"session"`. */
  name?: string;
  /** The option `context` that the tokens were made with. Default empty. */
  context?: string;
  /** The option `cookie` that the tokens were made with. The cookies of version 0.1.0 with these attributes, which had other names, are read as well. */
  cookie?: CookieOptions;
}

const KINDS: readonly string[] = ["data", "readable", "id", "user"];
const KNOWN: ReadonlySet<string> = new Set<keyof OwnTokensOptions>(["secrets", "kind", "name", "context", "cookie"]);

/**
 * Reads tokens that `createSessions` made with other options. Those with data are redeemed once, where there is a store; those of kind
 * `"id"` and `"user"` go on as the sessions that they name. Of a visitor's token and a user's, the user's counts.
 *
 * @throws OptionError when an option or a secret cannot be used.
 *
 * @example
 * ```ts
 * // From readable cookies to a store, with nobody logged out.
 * const sessions = createSessions({ secrets, store, accept: [ownTokens({ secrets, kind: "readable" })] });
 * ```
 */
export function ownTokens(options: OwnTokensOptions): AcceptedCodec {
  checkGiven(options, "ownTokens", "{ secrets }");
  refuseUnknown(options, KNOWN);
  if (!KINDS.includes(options.kind ?? "data")) {
    cannot("use option kind", `it is one of ${KINDS.map((kind) => `"${kind}"`).join(", ")}`);
  }
  const { kind = "data", name = "session", context = "", cookie = {} } = options;
  const cookies = everySessionCookie(name, cookie);
  const scope = { secrets: checkSecrets(options.secrets), name: baseName(name), context };
  const isSigned = kind === "readable" || kind === "id";
  const codec = isSigned ? signedTokens({ ...scope, kind }, webCrypto) : encryptedTokens({ ...scope, kind }, webCrypto);
  return defineCodec<TokenCodec>({
    ...codec,
    name: `${OWN}${kind}:${baseName(name)}:${context}`,
    namesSessions: kind === "id" || kind === "user",
    find: (header) => {
      const found = cookies.map((one) => cookieValues(header, one.name));
      return {
        values: found.flatMap(({ values }) => values),
        oversize: found.some(({ oversize }) => oversize),
        tooMany: found.some(({ tooMany }) => tooMany),
      };
    },
    clear: () => cookies.flatMap((one) => one.clear()),
  });
}
