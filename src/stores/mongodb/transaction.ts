/**
 * Transactions, which are made anew when another one was faster, and never twice.
 *
 * @module
 */
import { pause } from "../../stored/write.ts";
import { type MongoClientLike, type MongoSession, TRANSACTION } from "./client.ts";
import { hasLabel, MongoFailure } from "./failures.ts";

/** More often than this a transaction is not begun anew, and its commit not asked for again. */
const MAX_TRIES = 20;
const MAX_COMMITS = 3;

/** Another transaction changed the same, as the driver would say it. */
export class Conflict extends MongoFailure {
  constructor() {
    super("WriteConflict", true);
  }

  hasErrorLabel(label: string): boolean {
    return label === "TransientTransactionError";
  }
}

/** Does the work wholly or not at all. Work that answers null is undone. */
export async function inTransaction<Result>(
  client: MongoClientLike,
  late: AbortSignal,
  work: (session: MongoSession) => Promise<Result | null>,
): Promise<Result | null> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(client, late, work);
    } catch (error) {
      // The server says that nothing of it was done.
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
    // The caller was told that it failed, so it must not be done behind their back.
    if (result === null || late.aborted) await session.abortTransaction();
    else await commit(session, late);
    return result;
  } finally {
    // Undoes what is still open. Whether that is heard does not matter: the server undoes it in time.
    session.endSession().catch(() => {});
  }
}

/** To commit once more does no harm: a server that has, answers so. */
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
