/**
 * A front that speaks MongoDB's wire protocol before DocumentDB in PostgreSQL, whose package brings no gateway: drivers connect to it
 * as to a replica set of one member. It is for tests, and knows nothing of the store that is tested.
 *
 * @module
 */
import { createServer, type Socket } from "node:net";
import { COMMANDS } from "./commands.ts";
import { answerOf, CommandError, refusalOf } from "./errors.ts";
import { type Pool, poolOf } from "./postgres.ts";
import { isInTransaction, Sessions } from "./sessions.ts";
import { answerTo, type Document, type Message, messageReader } from "./wire.ts";

/** How a front presents itself. */
export interface FrontOptions {
  /** The port of PostgreSQL. */
  readonly database: number;
  /** As a server that is no member of a replica set, and so knows no transactions. */
  readonly standalone?: boolean;
}

/** The front, and what can be done to it. */
export interface Front {
  readonly port: number;
  /** Where a driver finds it. */
  readonly url: string;
  /** How often each command was sent, but for those that drivers send by themselves. */
  readonly counts: Map<string, number>;
  /** How long every command waits before it is carried out. Milliseconds. */
  delay: number;
  /** Whether errors quote the command, as mongod's do of a duplicate key. */
  quotes: boolean;
  /** The next command of this name is carried out, and the connection then breaks before its answer. */
  loseAnswerTo: string | null;
  close(): Promise<void>;
}

/** MongoDB 7.0. */
const WIRE_VERSION = 21;
const HELLOS = ["hello", "ismaster", "isMaster"];
const OF_DRIVERS = [...HELLOS, "endSessions", "ping", "killCursors"];

/** Starts a front on a free port. */
export async function startFront({ database, standalone = false }: FrontOptions): Promise<Front> {
  const pool = poolOf(database);
  const sockets = new Set<Socket>();
  const scene = { sessions: new Sessions(pool), cursors: new Map<string, string>(), pool, standalone, sockets };
  const server = createServer((socket) => serve(socket, { ...scene, front }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const front: Front = {
    port,
    url: `mongodb://127.0.0.1:${port}/app${standalone ? "?directConnection=true" : "?replicaSet=rs0"}`,
    counts: new Map(),
    delay: 0,
    quotes: false,
    loseAnswerTo: null,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
  return front;
}

interface World {
  readonly front: Front;
  readonly pool: Pool;
  readonly sessions: Sessions;
  readonly cursors: Map<string, string>;
  readonly standalone: boolean;
  readonly sockets: Set<Socket>;
}

function serve(socket: Socket, world: World): void {
  world.sockets.add(socket);
  // Either end may go at any time: that is what some tests are about.
  socket.on("error", () => {}).on("close", () => world.sockets.delete(socket));
  socket.setNoDelay(true);
  let last: Promise<unknown> = Promise.resolve();
  socket.on(
    "data",
    // A connection's commands are carried out in turn.
    messageReader((message) => (last = last.then(() => answer(socket, message, world)))),
  );
}

/** Carries out a command. Where PostgreSQL is away, the connection breaks, as it would with the server itself. */
async function answer(socket: Socket, message: Message, world: World): Promise<void> {
  try {
    const said = await resultOf(message.body, world);
    if (world.front.quotes) quote(said, message.body);
    const [name] = Object.keys(message.body);
    if (world.front.loseAnswerTo === name) {
      world.front.loseAnswerTo = null;
      socket.destroy();
    } else if (!message.isUnanswered) socket.write(answerTo(message, said));
  } catch {
    socket.destroy();
  }
}

function quote(said: Document, body: Document): void {
  const errors = said.ok === 0 ? [said] : ((said.writeErrors ?? []) as Document[]);
  for (const error of errors) error.errmsg = `${error.errmsg} of ${JSON.stringify(body)}`;
}

async function resultOf(body: Document, world: World): Promise<Document> {
  const { front, sessions } = world;
  const [name = ""] = Object.keys(body);
  if (HELLOS.includes(name)) return hello(world);
  if (!OF_DRIVERS.includes(name)) front.counts.set(name, (front.counts.get(name) ?? 0) + 1);
  if (front.delay > 0) await new Promise((resolve) => setTimeout(resolve, front.delay));
  try {
    return await carryOut(name, body, world);
  } catch (error) {
    const refusal = refusalOf(error);
    if (isInTransaction(body)) await sessions.abort(body);
    if (refusal === null) throw error;
    return answerOf(refusal, isInTransaction(body));
  }
}

async function carryOut(name: string, body: Document, { sessions, cursors, standalone }: World): Promise<Document> {
  const command = COMMANDS[name];
  if (command === undefined) throw new CommandError(59, "CommandNotFound", `no such command: '${name}'`);
  const text = "Transaction numbers are only allowed on a replica set member or mongos";
  if (standalone && body.txnNumber !== undefined) throw new CommandError(20, "IllegalOperation", text);
  const isEnd = name === "commitTransaction" || name === "abortTransaction";
  const queries = isEnd ? NO_QUERIES : await sessions.queriesFor(body);
  return command(body, { queries, sessions, cursors });
}

const NO_QUERIES = { query: () => Promise.reject(new Error("Cannot ask: the end of a transaction has no question")) };

/** https://www.mongodb.com/docs/manual/reference/command/hello/ */
async function hello({ pool, front: { port }, standalone }: World): Promise<Document> {
  await pool.query("SELECT 1", []);
  const me = `127.0.0.1:${port}`;
  const member = { setName: "rs0", setVersion: 1, secondary: false, hosts: [me], me, primary: me };
  return {
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    ...(!standalone && member),
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    logicalSessionTimeoutMinutes: 30,
    localTime: new Date(),
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    ok: 1,
  };
}
