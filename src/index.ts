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
} from "./ground/errors.ts";
export type { SessionId } from "./ground/session-id.ts";
export type { Feature } from "./manager/contract.ts";
export type { SessionEvent } from "./manager/events.ts";
export { type Committed, type HeaderReader, type HeaderTarget, put } from "./manager/headers.ts";
export type { BackedStore } from "./manager/imported.ts";
export { type NodeHeaderHolder, nodeHeaders } from "./manager/node-headers.ts";
export type { CommonOptions, CookieSessionOptions, SessionOptions, StoredOptions } from "./manager/options.ts";
export type {
  Answer,
  ListedSession,
  RequestInfo,
  Revocation,
  SessionHandler,
  Sessions,
  StoredSessions,
  Subjects,
} from "./manager/seam.ts";
export { createSessions } from "./manager/sessions.ts";
export type { SessionSnapshot } from "./manager/snapshot.ts";
export type { Patch } from "./session/patch.ts";
export type {
  Key,
  Limit,
  Move,
  MovedMark,
  MoveReason,
  SessionInfo,
  SessionMeta,
  SessionRecord,
  UpdateOptions,
  UpdateResult,
} from "./session/record.ts";
export type { Session } from "./session/session.ts";
export type { DestroyOptions, LoginOptions, SiteDataKind } from "./session/wish.ts";
export type { SessionStore } from "./stored/contract.ts";
export type { Claims } from "./token/claims.ts";
export type { Opened, TokenCodec, TokenFault } from "./token/codec.ts";
export type { FetchedSecrets, Secret, Secrets } from "./token/secrets.ts";
export type { SessionCrypto } from "./token/session-crypto.ts";
