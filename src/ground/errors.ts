/**
 * The errors this library throws: one base class, a stable `code`, a subclass per condition a caller can handle.
 *
 * Nothing a client sends makes an error. Errors come from a wrong option, from data that cannot be kept, from using a
 * session at the wrong moment, and from a store that fails. No message holds a secret, a token, a cookie or session data.
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
 * What every error of this library is.
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
  /** What went wrong, for programs. */
  readonly code: SessionErrorCode;

  /** For stores, codecs and adapters of your own. `message` must hold no secret, token or session data: it gets into logs. */
  constructor(code: SessionErrorCode, message: string) {
    super(message);
    this.code = code;
    this.name = new.target.name;
  }
}

/** An option is wrong (`ERR_OPTION`), or a secret is missing or too easy to guess (`ERR_SECRET`). Thrown at creation. */
export class OptionError extends SessionError {
  /** Which of the two. */
  declare readonly code: "ERR_OPTION" | "ERR_SECRET";
}

/** @throws {@link OptionError} with `ERR_OPTION`: what cannot be done, and why or what to do instead. */
export function cannot(action: string, why: string): never {
  throw new OptionError("ERR_OPTION", `Cannot ${action}: ${why}`);
}

/** Session data cannot be kept: not JSON, more than the limit, too large for a cookie, or not what the schema says. Thrown when it is saved. */
export class DataError extends SessionError {
  /** What is wrong with the data. */
  declare readonly code: "ERR_DATA_NOT_JSON" | "ERR_DATA_TOO_LARGE" | "ERR_DATA_SCHEMA" | "ERR_COOKIE_TOO_LARGE";
}

/**
 * The session was used at a moment when it cannot be: before `await session.ready()` (`ERR_SESSION_NOT_LOADED`), after the
 * response was made (`ERR_SESSION_COMMITTED`), where no middleware ran (`ERR_SESSION_MISSING`), with a response that
 * cannot carry a cookie (`ERR_COOKIE_NOT_POSSIBLE`), while a call that nobody awaited goes on for too long (`ERR_SESSION_PENDING`), or for what
 * only a user has while nobody is logged in (`ERR_NOT_LOGGED_IN`).
 */
export class StateError extends SessionError {
  /** Which moment it was. */
  declare readonly code:
    | "ERR_SESSION_NOT_LOADED"
    | "ERR_SESSION_COMMITTED"
    | "ERR_SESSION_MISSING"
    | "ERR_SESSION_PENDING"
    | "ERR_NOT_LOGGED_IN"
    | "ERR_COOKIE_NOT_POSSIBLE";
}

/**
 * The session of this request ended, or got another id, before the request could write: nothing was written, and nobody should be told
 * otherwise. Thrown by `update()` and `save()`; and in place of an answer below 400, where a new id was asked for, or where a change, other than by
 * GET, HEAD or OPTIONS, would be lost because the session got another id. A change of a session that ended is reported as `lost`.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#section-15.5.10
 */
export class GoneError extends SessionError {
  /** Always this. */
  declare readonly code: "ERR_SESSION_GONE";
  /** The HTTP status that fits: 409 Conflict. With the cookie that the browser has by now, the same request may work. */
  readonly status = 409;
  /** True: frameworks that look at it (Koa) may show the message to clients. */
  readonly expose = true;
  /** What Koa sends with it. */
  readonly headers: Readonly<Record<string, string>> = { "Retry-After": "1" };
  /** What became of the session: it `ended`, or it `moved` to another id. */
  readonly why: "ended" | "moved";

  /** For adapters of your own. */
  constructor(why: "ended" | "moved") {
    super(
      "ERR_SESSION_GONE",
      `Cannot change the session: it ${why === "moved" ? "has another id" : "ended"} since this request came`,
    );
    this.why = why;
  }

  /** The answer for the client: 409, to be tried again. Hono's default error handler asks for it. */
  getResponse(): Response {
    return new Response("Conflict", { status: this.status, headers: { "Cache-Control": "no-store", ...this.headers } });
  }
}

/** `session.update()` met other writers at every try. Nothing was written by it. */
export class ConflictError extends SessionError {
  /** Always this. */
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
 * The store failed. The session was not saved, and no cookie was written or cleared.
 *
 * The store's own error is not attached: drivers put commands, and so session data, into theirs.
 */
export class StoreError extends SessionError {
  /** Always this. */
  declare readonly code: "ERR_STORE";
  /** The HTTP status that fits: 503 Service Unavailable. */
  readonly status = 503;
  /** False: frameworks that look at it (Koa) must not show the message to clients. */
  readonly expose = false;
  /** What was asked of the store. */
  readonly operation: StoreOperation;
  /** True when the store says that the same call may work if it is made again. */
  readonly retryable: boolean;

  /** `retryable`: default false. `reason`: one word for the message, such as `ECONNREFUSED`. */
  constructor(operation: StoreOperation, options: { retryable?: boolean; reason?: string } = {}) {
    const reason = options.reason === undefined ? "" : ` (${options.reason})`;
    super("ERR_STORE", `Cannot ${operation} the session: the store failed${reason}`);
    this.operation = operation;
    this.retryable = options.retryable ?? false;
  }

  /** The answer for the client: 503, no details. Hono's default error handler asks for it. */
  getResponse(): Response {
    return new Response("Service Unavailable", { status: this.status, headers: { "Cache-Control": "no-store" } });
  }
}

// By the code, since a program may have two copies of this library, as when a store comes from another folder.

/** Whether a store failed. */
export const isStoreError = (error: unknown): error is StoreError => codeOf(error) === "ERR_STORE";

/** Whether an option is wrong. */
export const isOptionError = (error: unknown): error is OptionError =>
  codeOf(error) === "ERR_OPTION" || codeOf(error) === "ERR_SECRET";

/** Whether a session is gone. */
export const isGoneError = (error: unknown): error is GoneError => codeOf(error) === "ERR_SESSION_GONE";

const codeOf = (error: unknown): unknown => (error instanceof Error ? (error as { code?: unknown }).code : undefined);
