/**
 * The events that `onEvent` gets, for logs, metrics and alarms. They never contain a token, a cookie or session data.
 *
 * @module
 */
import type { StoreOperation } from "../ground/errors.ts";
import type { TokenFault } from "../token/codec.ts";

/**
 * Something that happened to a session. `id` is the session's public id.
 *
 * - `created`, `loaded`, `saved`, `touched`, `destroyed`: as their names say.
 * - `regenerated`: `login()` or `regenerateId()` gave the session a new id. `from` is the old one, if any.
 * - `expired`: a cookie of a session past its idle or absolute timeout.
 * - `invalid`: a cookie that is not one of our tokens. Many of them mean an attack or a changed secret.
 * - `unknown`: a good token whose session is not in the store: destroyed, or lost by the store. At `commit`:
 *   destroyed while this request ran.
 * - `moved`: a good token of a session that has a new id by now.
 * - `lost`: the request was answered, but its changes were dropped: the session `ended` or `moved` to a new id
 *   meanwhile, or the change came too `late`, after the response (only in Koa's `session()` without `secrets`).
 * - `ambiguous`: a request brought two living sessions (`several`) or over four values (`too-many`). None was used.
 * - `conflict`: `update()` met another writer and runs again.
 * - `key-used`: a key other than the newest opened a token. Once these stop, the old secret can go.
 * - `store-error`: the store failed, and the request continues.
 * - `insecure`, at creation: `secure: false` sends the cookie over plain http (`not-secure`), a key in
 *   Koa's `app.keys` is weak (`weak-key`), or `accept` is used with a store that is not atomic, so that one
 *   token may become two sessions (`accept-not-atomic`). Later, once: browsers drop the cookie, because it
 *   is Secure and the request came over plain http (`plain-http`), or because the date in Koa's
 *   `cookie.expires` has passed (`expires-past`).
 */
export type SessionEvent =
  | { readonly type: "created" | "loaded" | "saved" | "touched" | "destroyed" | "conflict"; readonly id: string }
  | { readonly type: "moved"; readonly id: string; readonly reason: "load" }
  | { readonly type: "lost"; readonly id: string; readonly reason: "ended" | "moved" | "late" }
  | { readonly type: "unknown"; readonly id: string; readonly reason: "load" | "commit" }
  | { readonly type: "regenerated"; readonly id: string; readonly from?: string; readonly reason: "login" | "regenerateId" }
  | { readonly type: "expired"; readonly id: string; readonly reason: "idle" | "absolute" }
  | { readonly type: "invalid"; readonly reason: TokenFault | "oversize" | "future" | "record" | "misplaced" | "schema" }
  | { readonly type: "ambiguous"; readonly reason: "several" | "too-many" }
  | { readonly type: "key-used"; readonly id: string; readonly key: string }
  | { readonly type: "store-error"; readonly operation: StoreOperation }
  | {
      readonly type: "insecure";
      readonly reason: "not-secure" | "weak-key" | "accept-not-atomic" | "plain-http" | "expires-past";
    };

export type Emit = (event: SessionEvent) => void;
