/**
 * The commands that the drivers send, each by the function that DocumentDB has for it.
 *
 * @module
 */
import { CommandError, withCodes } from "./errors.ts";
import { fromBson, type Queries, toBson } from "./postgres.ts";
import { isInTransaction, type Sessions, sessionOf } from "./sessions.ts";
import type { Document } from "./wire.ts";

/** What a command is carried out with. */
interface Scene {
  readonly queries: Queries;
  readonly sessions: Sessions;
  readonly cursors: Map<string, string>;
}

/** The state by which DocumentDB refuses to make an index at once. */
const HAS_DOCUMENTS = "M0016";

/** More documents than any test has. */
const ALL = 100_000;

type Command = (body: Document, scene: Scene) => Promise<Document>;

const API = "documentdb_api";

/** What drivers put into every command for the server's own use. */
const ENVELOPE = [
  "$db",
  "lsid",
  "$clusterTime",
  "$readPreference",
  "txnNumber",
  "autocommit",
  "startTransaction",
  "readConcern",
  "writeConcern",
];

function specOf(body: Document): string {
  return toBson(Object.fromEntries(Object.entries(body).filter(([name]) => !ENVELOPE.includes(name))));
}

/** DocumentDB keeps what came of a write with such a name, and does not do it again. */
function retryName(body: Document): string | null {
  return body.txnNumber === undefined || isInTransaction(body) ? null : `${sessionOf(body)}:${body.txnNumber}`;
}

async function write(name: string, body: Document, { queries, sessions }: Scene): Promise<Document> {
  const isModify = name === "find_and_modify";
  const text = `SELECT p_result, p_success FROM ${API}.${name}($1, $2, ${isModify ? "" : "NULL, "}$3)`;
  const { rows } = await queries.query(text, [body.$db, specOf(body), retryName(body)]);
  // In a transaction nothing stands of which a part failed.
  if (rows[0]?.p_success !== true && isInTransaction(body)) await sessions.abort(body);
  return withCodes(fromBson(rows[0]?.p_result));
}

async function firstPage(name: string, body: Document, { queries, cursors }: Scene): Promise<Document> {
  const text = `SELECT cursorpage, continuation FROM ${API}.${name}_cursor_first_page($1, $2, 0)`;
  // What is sorted, PostgreSQL reads on only with the connection that began to; so it is read at once.
  const asked = body.sort === undefined ? body : { ...body, batchSize: ALL };
  const { rows } = await queries.query(text, [body.$db, specOf(asked)]);
  return page(rows[0], cursors);
}

function page(row: Record<string, unknown> | undefined, cursors: Map<string, string>): Document {
  const answer = fromBson(row?.cursorpage);
  const { id } = answer.cursor as { id: { toString(): string } };
  if (row?.continuation) cursors.set(id.toString(), String(row.continuation));
  return answer;
}

async function one(text: string, values: unknown[], { queries }: Scene): Promise<unknown> {
  return (await queries.query(`SELECT ${text} AS found`, values)).rows[0]?.found;
}

/** At once where there are no documents yet; else by a job of the database, which looks for work every two seconds. */
async function createIndexes(body: Document, scene: Scene): Promise<Document> {
  const values = [body.$db, specOf(body)];
  try {
    return shardOf(await one("documentdb_api_internal.create_indexes_non_concurrently($1, $2, false)", values, scene));
  } catch (error) {
    if ((error as { code?: unknown }).code !== HAS_DOCUMENTS) throw error;
  }
  const text = `SELECT retval, requests FROM ${API}.create_indexes_background($1, $2)`;
  const [begun] = (await scene.queries.query(text, values)).rows;
  const isBuilt = () => one("(documentdb_api_internal.check_build_index_status($1)).complete", [begun?.requests], scene);
  while (begun?.requests && (await isBuilt()) !== true) await new Promise((resolve) => setTimeout(resolve, 100));
  return shardOf(begun?.retval);
}

function shardOf(answer: unknown): Document {
  const { raw } = fromBson(answer) as { raw?: { defaultShard: Document } };
  return { ...raw?.defaultShard, ok: 1 };
}

/** Every command by its name. */
export const COMMANDS: Record<string, Command> = {
  insert: (body, scene) => write("insert", body, scene),
  update: (body, scene) => write("update", body, scene),
  delete: (body, scene) => write("delete", body, scene),
  findAndModify: (body, scene) => write("find_and_modify", body, scene),
  find: (body, scene) => firstPage("find", body, scene),
  aggregate: (body, scene) => firstPage("aggregate", body, scene),
  listIndexes: (body, scene) => firstPage("list_indexes", body, scene),
  listCollections: (body, scene) => firstPage("list_collections", body, scene),
  getMore: async (body, { queries, cursors }) => {
    const continuation = cursors.get(String(body.getMore));
    if (continuation === undefined) throw new CommandError(43, "CursorNotFound");
    const text = `SELECT cursorpage, continuation FROM ${API}.cursor_get_more($1, $2, $3)`;
    const { rows } = await queries.query(text, [body.$db, specOf(body), continuation]);
    return page(rows[0], cursors);
  },
  killCursors: async () => ({ ok: 1 }),
  createIndexes,
  drop: async (body, scene) => {
    await one(`${API}.drop_collection($1, $2)`, [body.$db, body.drop], scene);
    return { ok: 1 };
  },
  dropDatabase: async (body, scene) => {
    await one(`${API}.drop_database($1)`, [body.$db], scene);
    return { ok: 1 };
  },
  count: async (body, scene) => fromBson(await one(`${API}.count_query($1, $2)`, [body.$db, specOf(body)], scene)),
  commitTransaction: async (body, { sessions }) => {
    await sessions.commit(body);
    return { ok: 1 };
  },
  abortTransaction: async (body, { sessions }) => {
    await sessions.abort(body);
    return { ok: 1 };
  },
  ping: async () => ({ ok: 1 }),
  endSessions: async () => ({ ok: 1 }),
  serverStatus: async () => ({ version: "7.0.0", process: "mongod", ok: 1 }),
  buildInfo: async () => ({ version: "7.0.0", versionArray: [7, 0, 0, 0], ok: 1 }),
};
