/**
 * The option `crypto`: the cryptography for tokens, as an opaque value.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { type Primitives, webCrypto } from "./web-crypto.ts";

// In the global registry, so that two copies of the library in one program recognise each other's values.
const PRIMITIVES: unique symbol = Symbol.for("web-session-store.primitives");

/**
 * A value for the option `crypto`: `nodeCrypto` of `web-session-store/node`. Its contents are internal.
 *
 * Tokens are the same with any of them, and each opens what another made.
 */
export interface SessionCrypto {
  /** Internal. */
  readonly [PRIMITIVES]: () => unknown;
}

/** Makes a value for the option. @param choose Returns the primitives. Called when sessions are set up. */
export function sessionCrypto(choose: () => Primitives): SessionCrypto {
  return Object.freeze({ [PRIMITIVES]: choose });
}

/** The primitives of the option. Default: those on Web Crypto. @throws {@link OptionError} for any other value. */
export function primitivesOf(crypto: SessionCrypto | undefined): Primitives {
  if (crypto === undefined) return webCrypto;
  const choose: unknown = crypto?.[PRIMITIVES];
  if (typeof choose === "function") return choose();
  cannot("use option crypto", "write crypto: nodeCrypto, with nodeCrypto from web-session-store/node, or leave it out");
}
