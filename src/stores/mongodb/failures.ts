/**
 * Errors of MongoDB, reduced to a code. The driver's and server's own errors contain session data.
 *
 * @module
 */
import { isOptionError } from "../../ground/errors.ts";
import { inTime } from "../../ground/in-time.ts";

/** A failure of MongoDB. `retryable` if the same call may succeed on a retry. */
export class MongoFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, retryable: boolean, message = `Cannot ask MongoDB: ${code}`) {
    super(message);
    this.name = "MongoFailure";
    this.code = code;
    this.retryable = retryable;
  }
}

interface DriverError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly codeName?: unknown;
  hasErrorLabel?(label: string): boolean;
}

/** Another document has this `_id` or this value in a unique index. */
const DUPLICATE_KEY = 11000;

/** Codes of errors that are worth a retry. */
const PASSING: ReadonlySet<unknown> = new Set([
  ...["WriteConflict", "LockTimeout", "MaxTimeMSExpired", "ExceededTimeLimit", "WriteConcernFailed", "WriteConcernTimeout"],
  ...["NotWritablePrimary", "NotPrimaryNoSecondaryOk", "NotPrimaryOrSecondary", "PrimarySteppedDown", "NoSuchTransaction"],
  ...["InterruptedAtShutdown", "InterruptedDueToReplStateChange", "ShutdownInProgress", "TransactionCoordinatorSteppingDown"],
]);

const OF_CONNECTIONS = /^Mongo\w*(Network|ServerSelection|Pool|WaitQueue|NotConnected|Topology|Timeout|Closed)/;

export function hasLabel(error: unknown, label: string): boolean {
  const { hasErrorLabel } = (error ?? {}) as DriverError;
  return typeof hasErrorLabel === "function" && hasErrorLabel.call(error, label);
}

export function isDuplicate(error: unknown): boolean {
  return (error as DriverError | null)?.code === DUPLICATE_KEY;
}

function withoutData(error: unknown): Error {
  if (error instanceof MongoFailure || isOptionError(error)) return error;
  const { name, code, codeName } = (error ?? {}) as DriverError;
  const number = typeof code === "number" ? `E${code}` : code;
  const word = [codeName, number, name].find((one) => typeof one === "string" && one !== "") as string | undefined;
  const isPassing = PASSING.has(codeName) || OF_CONNECTIONS.test(String(name));
  const isLabelled = hasLabel(error, "TransientTransactionError") || hasLabel(error, "RetryableWriteError");
  return new MongoFailure(word ?? "Error", isPassing || isLabelled);
}

/** Runs a call with a timeout. The signal tells the call to stop. */
export async function within<Result>(seconds: number, call: (late: AbortSignal) => Promise<Result>): Promise<Result> {
  return inTime(seconds, call, () => new MongoFailure("TIMEOUT", true)).catch((error: unknown) => {
    throw withoutData(error);
  });
}
