/**
 * Tokens by `node:crypto`, for applications on Node, Bun and Deno.
 *
 * @module
 */
import { nodePrimitives } from "./token/node-crypto.ts";
import { type SessionCrypto, sessionCrypto } from "./token/session-crypto.ts";

/**
 * For the option `crypto` of `createSessions()` and of the adapters: tokens are made and opened by `node:crypto`, without a promise.
 * Koa's `session()` uses it by itself.
 *
 * The tokens are the same as without it. So it can be added and taken out at any time, and servers that use it share sessions with
 * servers that do not.
 *
 * What a runtime lacks is done by Web Crypto, with a promise: on Bun, Deno and Cloudflare Workers, whose `node:crypto` has no AES Key Wrap,
 * tokens that are encrypted; so there it is for sessions in a store and for `readable` ones. Everywhere, keys from a secret that is a CryptoKey.
 *
 * @example
 * ```ts
 * import { createSessions } from "web-session-store";
 * import { nodeCrypto } from "web-session-store/node";
 *
 * const sessions = createSessions({ secrets: SECRET, crypto: nodeCrypto });
 * ```
 */
export const nodeCrypto: SessionCrypto = sessionCrypto(nodePrimitives);
