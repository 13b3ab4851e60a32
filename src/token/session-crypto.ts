/**
 * The option `crypto`: which cryptography makes and opens the tokens, as a value that an application only passes on.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import { type Primitives, webCrypto } from "./web-crypto.ts";

// In the registry, so that two copies of the library in one program know each other's.
const PRIMITIVES: unique symbol = Symbol.for("web-session-store.primitives");

/**
 * A cryptography for the option `crypto`: `nodeCrypto` of `web-session-store/node`. Only to be passed on: what is in it is the library's own.
 *
 * Whichever is used, the tokens are the same, and one opens what another made.
 */
export interface SessionCrypto {
  /** The library's own. */
  readonly [PRIMITIVES]: () => unknown;
}

/** Makes what an application passes on. @param choose Which primitives they are; it is asked when sessions are set up. */
export function sessionCrypto(choose: () => Primitives): SessionCrypto {
  return Object.freeze({ [PRIMITIVES]: choose });
}

/** The primitives of the option; without it, those on Web Crypto. @throws {@link OptionError} for what is no such value */
export function primitivesOf(crypto: SessionCrypto | undefined): Primitives {
  if (crypto === undefined) return webCrypto;
  const choose: unknown = crypto?.[PRIMITIVES];
  if (typeof choose === "function") return choose();
  cannot("use option crypto", "write crypto: nodeCrypto, with nodeCrypto from web-session-store/node, or leave it out");
}
