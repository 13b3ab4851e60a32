/**
 * This library's own tokens with another name, context, kind or version, read while an application changes from one to
 * the other.
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
   * What the cookie held: `"data"`, encrypted; `"readable"`, signed; `"id"`, where a store keeps the session; `"user"`,
   * where a store keeps only the data, as `plain`, `connect` and `unstorage` do. Default: `"data"`.
   */
  kind?: "data" | "readable" | "id" | "user";
  /** The option `name` that the tokens were made with. Default: `"session"`. */
  name?: string;
  /** The option `context` that the tokens were made with. Default: empty. */
  context?: string;
  /** The option `cookie` that the tokens were made with. Cookies with the names of version 0.1.0 are read too. */
  cookie?: CookieOptions;
}

const KINDS: readonly string[] = ["data", "readable", "id", "user"];
const KNOWN: ReadonlySet<string> = new Set<keyof OwnTokensOptions>(["secrets", "kind", "name", "context", "cookie"]);

/**
 * Reads tokens that `createSessions` made with other options. With a store, tokens that carry data are redeemed once.
 * Those of kind `"id"` and `"user"` continue the sessions they name. A user's token wins over a visitor's.
 *
 * @throws OptionError if an option or a secret cannot be used.
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
