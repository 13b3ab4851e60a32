/**
 * What goes wrong with MongoDB, in one word. Errors of the driver and the server hold what was sent, and so session data.
 *
 * @module
 */
import { isOptionError } from "../../ground/errors.ts";
import { inTime } from "../../ground/in-time.ts";

/** A failure of MongoDB. `retryable` when the same call may work if it is made again. */
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

/** What the driver says of an error. */
interface DriverError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly codeName?: unknown;
  hasErrorLabel?(label: string): boolean;
}

/** Two documents with one `_id`, or one value of a unique index. */
const DUPLICATE_KEY = 11000;

/** By which a server says: not now, or not me. */
const PASSING: ReadonlySet<unknown> = new Set([
  ...["WriteConflict", "LockTimeout", "MaxTimeMSExpired", "ExceededTimeLimit", "WriteConcernFailed", "WriteConcernTimeout"],
  ...["NotWritablePrimary", "NotPrimaryNoSecondaryOk", "NotPrimaryOrSecondary", "PrimarySteppedDown", "NoSuchTransaction"],
  ...["InterruptedAtShutdown", "InterruptedDueToReplStateChange", "ShutdownInProgress", "TransactionCoordinatorSteppingDown"],
]);

/** Errors of the driver about its connections. */
const OF_CONNECTIONS = /^Mongo\w*(Network|ServerSelection|Pool|WaitQueue|NotConnected|Topology|Timeout|Closed)/;

/** Whether an error has one of the labels by which servers and drivers say what may be done about it. */
export function hasLabel(error: unknown, label: string): boolean {
  const { hasErrorLabel } = (error ?? {}) as DriverError;
  return typeof hasErrorLabel === "function" && hasErrorLabel.call(error, label);
}

/** Whether a document with this `_id` is there. */
export function isDuplicate(error: unknown): boolean {
  return (error as DriverError | null)?.code === DUPLICATE_KEY;
}

/** An error that says what is wrong in one word. */
function withoutData(error: unknown): Error {
  if (error instanceof MongoFailure || isOptionError(error)) return error;
  const { name, code, codeName } = (error ?? {}) as DriverError;
  const number = typeof code === "number" ? `E${code}` : code;
  const word = [codeName, number, name].find((one) => typeof one === "string" && one !== "") as string | undefined;
  const isPassing = PASSING.has(codeName) || OF_CONNECTIONS.test(String(name));
  const isLabelled = hasLabel(error, "TransientTransactionError") || hasLabel(error, "RetryableWriteError");
  return new MongoFailure(word ?? "Error", isPassing || isLabelled);
}

/** The answer of a call, if it comes in time. The signal tells the call when it is too late to go on. */
export async function within<Result>(seconds: number, call: (late: AbortSignal) => Promise<Result>): Promise<Result> {
  return inTime(seconds, call, () => new MongoFailure("TIMEOUT", true)).catch((error: unknown) => {
    throw withoutData(error);
  });
}
