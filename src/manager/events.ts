/**
 * What the library reports through `onEvent`: for logs, metrics and alarms. Never a token, a cookie or session data.
 *
 * @module
 */
import type { StoreOperation } from "../ground/errors.ts";
import type { TokenFault } from "../token/codec.ts";

/**
 * Something that happened to a session. `id` is the session's public id.
 *
 * - `created`, `loaded`, `saved`, `touched`, `destroyed`: what the names say.
 * - `regenerated`: a new id, by `login()` or `regenerateId()`; `from` is the old id, if there was one.
 * - `expired`: a cookie for a session past its idle or absolute limit.
 * - `invalid`: a cookie that is no token of ours. Many of them: an attack, or a secret was changed.
 * - `unknown`: a good token whose session the store does not have: destroyed, or lost by the store. At `commit`: it was
 *   destroyed while this request ran.
 * - `moved`: a good token of a session that has a new id since.
 * - `lost`: a request was answered, and what it changed was dropped: its session `ended`, or `moved` to a new id, while it ran; or it
 *   came too `late`, after the answer, where Koa's `session()` without `secrets` does as koa-session-store did.
 * - `ambiguous`: two living sessions (`several`) or more than four values (`too-many`) in one request; none was used.
 * - `conflict`: `update()` met another writer and runs again.
 * - `key-used`: a token was opened by a key that is not the newest. Once there are none for a while, the old secret can go.
 * - `store-error`: the store failed, and the request goes on.
 * - `insecure`: at creation: `secure: false` sends the cookie over plain http, a key of Koa's `app.keys` is weak, or tokens are accepted
 *   beside a store that is not atomic, so that one may become two sessions (`accept-not-atomic`). Later, once: browsers drop the cookie,
 *   since it is Secure and the request came over plain http (`plain-http`), or since the day in Koa's `cookie.expires` is over (`expires-past`).
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

/** Reports an event. */
export type Emit = (event: SessionEvent) => void;
