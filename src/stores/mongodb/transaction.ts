/**
 * Transactions, retried after a conflict but never committed twice.
 *
 * @module
 */
import { pause } from "../../stored/write.ts";
import { type MongoClientLike, type MongoSession, TRANSACTION } from "./client.ts";
import { hasLabel, MongoFailure } from "./failures.ts";

const MAX_TRIES = 20;
const MAX_COMMITS = 3;

export class Conflict extends MongoFailure {
  constructor() {
    super("WriteConflict", true);
  }

  hasErrorLabel(label: string): boolean {
    return label === "TransientTransactionError";
  }
}

/** Runs the work in a transaction. If it returns null, the transaction is rolled back. */
export async function inTransaction<Result>(
  client: MongoClientLike,
  late: AbortSignal,
  work: (session: MongoSession) => Promise<Result | null>,
): Promise<Result | null> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(client, late, work);
    } catch (error) {
      // The label means that nothing was committed.
      if (!hasLabel(error, "TransientTransactionError") || tries === MAX_TRIES || late.aborted) throw error;
    }
    await pause(tries);
  }
}

async function once<Result>(
  client: MongoClientLike,
  late: AbortSignal,
  work: (session: MongoSession) => Promise<Result | null>,
): Promise<Result | null> {
  const session = client.startSession();
  try {
    session.startTransaction(TRANSACTION);
    const result = await work(session);
    // After a timeout the caller was told that the call failed.
    if (result === null || late.aborted) await session.abortTransaction();
    else await commit(session, late);
    return result;
  } finally {
    // Rolls back an open transaction. If this fails, the server does it later.
    session.endSession().catch(() => {});
  }
}

/** Repeating a commit is safe: the server reports it as done. */
async function commit(session: MongoSession, late: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      if (!hasLabel(error, "UnknownTransactionCommitResult") || tries === MAX_COMMITS || late.aborted) throw error;
    }
  }
}
