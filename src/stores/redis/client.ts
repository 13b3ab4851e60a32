/**
 * The Redis clients that the Redis store works with, and one way to run a script on any of them.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import type { Script } from "./scripts.ts";

/** What the store uses of a client of the package `redis` (node-redis 4 and later): a client, a pool or a cluster. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** What the store uses of a client of the package `ioredis` (5 and later), or of one made like it: a client or a cluster. */
export interface IoRedisClient {
  readonly status: string;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  evalsha(sha1: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
}

/** A client that is connected, or connects by itself. The store never opens or closes it. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** Runs a script on the server and answers what it gave. */
export type Run = (script: Script, keys: string[], args: string[]) => Promise<unknown>;

/** One command of a client. */
type Command = (script: string, keys: string[], args: string[], signal: AbortSignal) => Promise<unknown>;

/** What the two commands are called, and how they take their arguments, differs from client to client. */
interface Commands {
  readonly evalText: Command;
  readonly evalSha1: Command;
}

/** node-redis 5 and later can take back a command that was not sent yet. */
interface Abortable {
  withAbortSignal?(signal: AbortSignal): NodeRedisClient;
}

/**
 * How scripts run on a client: by hash, or by text where the server does not have the script. An answer that takes longer
 * than `timeout` seconds is an error.
 *
 * @throws OptionError when the client is none of those we know.
 */
export function runOn(client: RedisClient, timeout: number): Run {
  const { evalSha1, evalText } = commandsOf(client);
  return async (script, keys, args) => {
    const sha1 = await script.sha1();
    try {
      return await within(timeout, async (signal) => {
        try {
          return await evalSha1(sha1, keys, args, signal);
        } catch (error) {
          if (signal.aborted || !/^NOSCRIPT\b/.test(messageOf(error))) throw error;
          return evalText(script.text, keys, args, signal);
        }
      });
    } catch (error) {
      throw withoutData(error);
    }
  };
}

/** Whether a client talks to a Redis Cluster. */
export function isCluster(client: RedisClient): boolean {
  return (client as { isCluster?: unknown }).isCluster === true || "nodeByAddress" in client;
}

function commandsOf(client: RedisClient): Commands {
  const shape = (typeof client === "object" && client !== null ? client : {}) as Partial<NodeRedisClient & IoRedisClient>;
  if (typeof shape.eval === "function" && typeof shape.evalSha === "function") return nodeRedis(client as NodeRedisClient);
  // Clients that take callbacks have evalsha too, but no status.
  const isIoRedis = typeof shape.evalsha === "function" && typeof shape.status === "string";
  if (typeof shape.eval === "function" && isIoRedis) return ioRedis(client as IoRedisClient);
  const advice = 'pass a client of the package "redis" (4 or later) or "ioredis" (5 or later)';
  throw new OptionError("ERR_OPTION", `Cannot use this Redis client: ${advice}`);
}

function nodeRedis(client: NodeRedisClient): Commands {
  const until = (signal: AbortSignal) => (client as Abortable).withAbortSignal?.(signal) ?? client;
  return {
    evalText: (text, keys, args, signal) => until(signal).eval(text, { keys, arguments: args }),
    evalSha1: (sha1, keys, args, signal) => until(signal).evalSha(sha1, { keys, arguments: args }),
  };
}

function ioRedis(client: IoRedisClient): Commands {
  return {
    evalText: (text, keys, args) => client.eval(text, keys.length, ...keys, ...args),
    evalSha1: (sha1, keys, args) => client.evalsha(sha1, keys.length, ...keys, ...args),
  };
}

/** The answer of a call, if it comes in time. A late one is dropped, also a late error. */
async function within(seconds: number, call: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const late = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(failure("TIMEOUT", true));
      late.abort();
    }, seconds * 1000);
  });
  try {
    return await Promise.race([call(late.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Replies of Redis by which it says: not now. */
const PASSING: ReadonlySet<string> = new Set(["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TIMEOUT"]);

/** An error that says what is wrong in one word. Clients put the command, and so session data, into theirs. */
function withoutData(error: unknown): Error {
  if (error instanceof RedisFailure) return error;
  // A reply of Redis begins with a word such as OOM or READONLY; all else is about the connection.
  const word = /^-?([A-Z]{2,40})\b/.exec(messageOf(error))?.[1];
  if (word !== undefined) return failure(word, PASSING.has(word));
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  // Most errors of clients have the name "Error", and a class of their own.
  const kind = name === "Error" ? (error as Error).constructor.name : name;
  return failure(String([code, kind].find((one) => typeof one === "string") ?? "Error"), true);
}

class RedisFailure extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, retryable: boolean) {
    super(`Cannot ask Redis: ${code}`);
    this.code = code;
    this.retryable = retryable;
  }
}

function failure(code: string, retryable: boolean): RedisFailure {
  return new RedisFailure(code, retryable);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
