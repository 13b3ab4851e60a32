/**
 * The errors this library throws: one base class, a stable
 * `code`, and a subclass for each condition a caller can handle.
 *
 * Client input never causes an error. Causes are a wrong option, data that cannot be saved, using a session
 * at the wrong time, and a store that fails. No message contains a secret, a token, a cookie or session data.
 *
 * @module
 */

/** Every `code` a {@link SessionError} can have. Codes are stable; message texts are not. */
export type SessionErrorCode =
  | "ERR_OPTION"
  | "ERR_SECRET"
  | "ERR_DATA_NOT_JSON"
  | "ERR_DATA_TOO_LARGE"
  | "ERR_COOKIE_TOO_LARGE"
  | "ERR_DATA_SCHEMA"
  | "ERR_SESSION_NOT_LOADED"
  | "ERR_SESSION_COMMITTED"
  | "ERR_SESSION_MISSING"
  | "ERR_SESSION_PENDING"
  | "ERR_NOT_LOGGED_IN"
  | "ERR_SESSION_GONE"
  | "ERR_COOKIE_NOT_POSSIBLE"
  | "ERR_CONFLICT"
  | "ERR_STORE";

/**
 * The base class of all errors in this library.
 *
 * @example
 * ```ts
 * try {
 *   await session.save();
 * } catch (error) {
 *   if (error instanceof SessionError && error.code === "ERR_STORE") return new Response("Try again", { status: 503 });
 *   throw error;
 * }
 * ```
 */
export class SessionError extends Error {
  /** Identifies the error for programs. */
  readonly code: SessionErrorCode;

  /**
   * For your own stores, codecs and adapters. `message` ends up in
   * logs: it must not contain a secret, a token or session data.
   */
  constructor(code: SessionErrorCode, message: string) {
    super(message);
    this.code = code;
    this.name = new.target.name;
  }
}

/** An option is wrong (`ERR_OPTION`), or a secret is missing or easy to guess (`ERR_SECRET`). Thrown at creation. */
export class OptionError extends SessionError {
  /** `ERR_OPTION` or `ERR_SECRET`. */
  declare readonly code: "ERR_OPTION" | "ERR_SECRET";
}

/** @throws {@link OptionError} with `ERR_OPTION`, saying what cannot be done, and why or what to do instead. */
export function cannot(action: string, why: string): never {
  throw new OptionError("ERR_OPTION", `Cannot ${action}: ${why}`);
}

/**
 * Session data cannot be saved: it is not JSON, over the limit, too
 * large for a cookie, or does not match the schema. Thrown on save.
 */
export class DataError extends SessionError {
  /** What is wrong with the data. */
  declare readonly code: "ERR_DATA_NOT_JSON" | "ERR_DATA_TOO_LARGE" | "ERR_DATA_SCHEMA" | "ERR_COOKIE_TOO_LARGE";
}

/**
 * The session was used at the wrong time:
 *
 * - `ERR_SESSION_NOT_LOADED`: before `await session.ready()`.
 * - `ERR_SESSION_COMMITTED`: after the response was made.
 * - `ERR_SESSION_MISSING`: no middleware ran.
 * - `ERR_COOKIE_NOT_POSSIBLE`: the response cannot carry a cookie.
 * - `ERR_SESSION_PENDING`: a call that was not awaited takes too long.
 * - `ERR_NOT_LOGGED_IN`: the call needs a logged-in user.
 */
export class StateError extends SessionError {
  /** What was wrong. See {@link StateError}. */
  declare readonly code:
    | "ERR_SESSION_NOT_LOADED"
    | "ERR_SESSION_COMMITTED"
    | "ERR_SESSION_MISSING"
    | "ERR_SESSION_PENDING"
    | "ERR_NOT_LOGGED_IN"
    | "ERR_COOKIE_NOT_POSSIBLE";
}

/**
 * The session ended or got another id before this request could write. Nothing was written, so do not report success.
 *
 * Thrown by `update()`, `patch()` and `save()`. Also thrown instead of sending a response below 400 if the
 * request asked for a new id, or if the session got another id and a change would be lost. In the second
 * case, GET, HEAD and OPTIONS do not throw. A lost change to a session that has ended is reported as `lost`.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#section-15.5.10
 */
export class GoneError extends SessionError {
  /** Always this value. */
  declare readonly code: "ERR_SESSION_GONE";
  /** The matching HTTP status: 409 Conflict. A retry may work with the browser's current cookie. */
  readonly status = 409;
  /** True: frameworks that check it (Koa) may show the message to clients. */
  readonly expose = true;
  /** Koa sends these with the error. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
  /** Whether the session `ended` or `moved` to another id. */
  readonly why: "ended" | "moved";

  /** For your own adapters. */
  constructor(why: "ended" | "moved") {
    super(
      "ERR_SESSION_GONE",
      `Cannot change the session: it ${why === "moved" ? "has a new id. Retry the request" : "has ended"}`,
    );
    this.why = why;
  }

  /** The response for the client: 409, with a request to retry. Hono's default error handler uses it. */
  getResponse(): Response {
    return new Response("Conflict", { status: this.status, headers: { "Cache-Control": "no-store", ...this.headers } });
  }
}

/**
 * Other requests changed the session at every try of `session.update()`
 * or of a save. An `update()` that throws this has written nothing.
 */
export class ConflictError extends SessionError {
  /** Always this value. */
  declare readonly code: "ERR_CONFLICT";
}

/** The store operations named by a {@link StoreError}. */
export type StoreOperation =
  | "load"
  | "create"
  | "update"
  | "replace"
  | "touch"
  | "remove"
  | "list"
  | "removeAll"
  | "route"
  | "watch";

/**
 * The store failed. The session was not saved, and no cookie was set or cleared.
 *
 * The store's own error is not attached, because drivers put commands, and thus session data, in theirs.
 */
export class StoreError extends SessionError {
  /** Always this value. */
  declare readonly code: "ERR_STORE";
  /** The matching HTTP status: 503 Service Unavailable. */
  readonly status = 503;
  /** False: frameworks that check it (Koa) must not show the message to clients. */
  readonly expose = false;
  /** The operation that failed. */
  readonly operation: StoreOperation;
  /** True if the store says that a retry may work. */
  readonly retryable: boolean;

  /** `retryable`: default false. `reason`: one word for the message, such as `ECONNREFUSED`. */
  constructor(operation: StoreOperation, options: { retryable?: boolean; reason?: string } = {}) {
    const reason = options.reason === undefined ? "" : ` (${options.reason})`;
    super("ERR_STORE", `Cannot ${operation} the session: the store failed${reason}`);
    this.operation = operation;
    this.retryable = options.retryable ?? false;
  }

  /** The response for the client: 503 without details. Hono's default error handler uses it. */
  getResponse(): Response {
    return new Response("Service Unavailable", { status: this.status, headers: { "Cache-Control": "no-store" } });
  }
}

// Checks the code because a program may load two copies of this
// library, for example if a store comes from another folder.

/** Whether a store failed. */
export const isStoreError = (error: unknown): error is StoreError => codeOf(error) === "ERR_STORE";

/** Whether an option is wrong. */
export const isOptionError = (error: unknown): error is OptionError =>
  codeOf(error) === "ERR_OPTION" || codeOf(error) === "ERR_SECRET";

/** Whether a session is gone. */
export const isGoneError = (error: unknown): error is GoneError => codeOf(error) === "ERR_SESSION_GONE";

const codeOf = (error: unknown): unknown => (error instanceof Error ? (error as { code?: unknown }).code : undefined);
