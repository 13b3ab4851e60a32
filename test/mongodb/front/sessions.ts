/**
 * Transactions and cursors: what needs a connection of its own from one command to the next.
 *
 * @module
 */
import { CommandError } from "./errors.ts";
import type { Connection, Pool, Queries } from "./postgres.ts";
import type { Document } from "./wire.ts";

/** What became of a transaction: a driver may ask to commit once more, when it has not heard the answer. */
interface Transaction {
  readonly number: string;
  /** Null when it is over. */
  connection: Connection | null;
  isCommitted: boolean;
}

/** The sessions of drivers. Each has one transaction at most. */
export class Sessions {
  readonly #pool: Pool;
  readonly #transactions = new Map<string, Transaction>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** What runs a command: the connection of its transaction, which may begin with it, or the pool. */
  async queriesFor(body: Document): Promise<Queries> {
    if (!isInTransaction(body)) return this.#pool;
    if (body.startTransaction === true) return this.#begin(body);
    return this.#open(body).connection as Connection;
  }

  async commit(body: Document): Promise<void> {
    const transaction = this.#transactions.get(sessionOf(body));
    if (transaction?.isCommitted && transaction.number === String(body.txnNumber)) return;
    const { connection } = this.#open(body);
    await connection?.query("COMMIT", []);
    this.#end(body, false);
    Object.assign(transaction as Transaction, { isCommitted: true });
  }

  /** Ends a transaction that the driver gives up, or in which something failed. */
  async abort(body: Document): Promise<void> {
    const transaction = this.#transactions.get(sessionOf(body));
    const connection = transaction?.connection;
    if (!connection) return;
    const isLost = await connection.query("ROLLBACK", []).then(
      () => false,
      () => true,
    );
    this.#end(body, isLost);
  }

  async #begin(body: Document): Promise<Connection> {
    await this.abort(body);
    const connection = await this.#pool.connect();
    this.#transactions.set(sessionOf(body), { number: String(body.txnNumber), connection, isCommitted: false });
    const level = (body.readConcern as { level?: string } | undefined)?.level;
    await connection.query(`BEGIN ISOLATION LEVEL ${level === "snapshot" ? "REPEATABLE READ" : "READ COMMITTED"}`, []);
    return connection;
  }

  #open(body: Document): Transaction {
    const transaction = this.#transactions.get(sessionOf(body));
    const isThis = transaction?.connection && transaction.number === String(body.txnNumber);
    if (!isThis) throw new CommandError(251, "NoSuchTransaction");
    return transaction;
  }

  #end(body: Document, isLost: boolean): void {
    const transaction = this.#transactions.get(sessionOf(body));
    transaction?.connection?.release(isLost);
    if (transaction) transaction.connection = null;
  }
}

/** Whether a command is part of a transaction. */
export function isInTransaction(body: Document): boolean {
  return body.autocommit === false;
}

/** What names a driver's session. */
export function sessionOf({ lsid }: Document): string {
  return (lsid as { id: { toString(encoding: "hex"): string } }).id.toString("hex");
}
