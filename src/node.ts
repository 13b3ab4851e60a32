/**
 * Tokens with `node:crypto`, for applications on Node, Bun and Deno.
 *
 * @module
 */
import { nodePrimitives } from "./token/node-crypto.ts";
import { type SessionCrypto, sessionCrypto } from "./token/session-crypto.ts";

/**
 * The option `crypto` of `createSessions()` and the adapters: makes and opens tokens with `node:crypto`, without
 * promises. Koa's `session()` uses it by default.
 *
 * The tokens are the same as without it. You can add or remove it at any time, and servers with and without it share
 * sessions.
 *
 * Web Crypto, with promises, does what the runtime lacks. The `node:crypto` of Bun, Deno and Cloudflare Workers has no
 * AES Key Wrap, so encrypted tokens use Web Crypto there, and only sessions in a store and `readable` ones benefit. A
 * secret that is a CryptoKey uses Web Crypto on every runtime to derive its keys.
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
