/**
 * web-session-store: sessions for HTTP applications on Web standards.
 *
 * @module
 */
export type { CookieValues } from "./cookie/parse.ts";
export type { CookieOptions } from "./cookie/serialize.ts";
export {
  ConflictError,
  DataError,
  GoneError,
  OptionError,
  SessionError,
  type SessionErrorCode,
  StateError,
  StoreError,
  type StoreOperation,
} from "./errors.ts";
export type { SessionEvent } from "./events.ts";
export type { SessionHandler } from "./handling.ts";
export type { DestroyOptions, LoginOptions, SiteDataKind } from "./login-options.ts";
export type { MaybePromise } from "./maybe-promise.ts";
export type { SessionOptions } from "./options.ts";
export type { Patch } from "./patch.ts";
export type { KeyUse, Primitives, Sealed } from "./primitives.ts";
export type { SessionMeta, SessionRecord } from "./record.ts";
export type { DataSchema, SchemaIssue, SchemaResult } from "./schema.ts";
export type { Session } from "./session.ts";
export type { SessionId } from "./session-id.ts";
export { createSessions, type RequestHeaders, type Sessions } from "./sessions.ts";
export type { SessionSnapshot } from "./snapshot.ts";
export type { Key, Limit, Move, MovedMark, MoveReason, SessionInfo, SessionStore, UpdateResult } from "./stores/store.ts";
export type { ListedSession, Revocation, Subjects } from "./subjects.ts";
export type { Claims } from "./token/claims.ts";
export type { Opened, TokenCodec, TokenFault } from "./token/codec.ts";
export { type OwnTokensOptions, ownTokens } from "./token/own.ts";
export type { Secret, Secrets } from "./token/secrets.ts";
export type { WatchOptions } from "./watching.ts";
