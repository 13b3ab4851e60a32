/**
 * The Redis clients that the Redis store works with, and what it asks of each of them.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { Script } from "./scripts.ts";

/** What the store uses of a client of the package `redis` (node-redis 4 and later): a client, a pool, a sentinel or a cluster. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** What the store uses of a client of the package `ioredis` (5 and later) or `iovalkey`, or of one made like them: a client or a cluster. */
export interface IoRedisClient {
  readonly status: string;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  evalsha(sha1: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
}

/** What the store uses of a client of the package `@upstash/redis`, which speaks HTTP. */
export interface UpstashRedisClient {
  eval(script: string, keys: string[], args: string[]): Promise<unknown>;
  evalsha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
  scriptLoad(script: string): Promise<unknown>;
}

/** A client that is connected, or connects by itself. The store never opens or closes it. */
export type RedisClient = NodeRedisClient | IoRedisClient | UpstashRedisClient;

/** One command of a client. */
type Command = (script: Script, keys: string[], args: string[], signal: AbortSignal) => Promise<unknown>;

/** What the commands are called, and how they take their arguments, differs from client to client. */
export interface Commands {
  readonly evalText: Command;
  readonly evalSha1: Command;
  /** The fields and values of a hash. Undefined where a script must do it, which is never asked of a replica. */
  readonly readHash?: ((key: string, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/** node-redis 5 and later can take back a command that was not sent yet. */
interface Abortable {
  withAbortSignal?(signal: AbortSignal): NodeRedisClient & HashReader;
}

/** How clients of both kinds read a hash. */
interface HashReader {
  hGetAll?(key: string): Promise<unknown>;
  hgetall?(key: string): Promise<unknown>;
}

/** How a client is asked. @throws OptionError when it is none of those we know. */
export function commandsOf(client: RedisClient): Commands {
  const shape = (typeof client === "object" && client !== null ? client : {}) as Partial<
    NodeRedisClient & IoRedisClient & UpstashRedisClient
  >;
  if (typeof shape.eval === "function") {
    if (typeof shape.evalSha === "function") return nodeRedis(client as NodeRedisClient);
    // Clients that take callbacks have evalsha too, but neither of these.
    if (typeof shape.evalsha === "function" && typeof shape.status === "string") return ioRedis(client as IoRedisClient);
    if (typeof shape.evalsha === "function" && typeof shape.scriptLoad === "function")
      return upstash(client as UpstashRedisClient);
  }
  const advice = 'pass a client of the package "redis" (4 or later), "ioredis" (5 or later), "iovalkey" or "@upstash/redis"';
  throw new OptionError("ERR_OPTION", `Cannot use this Redis client: ${advice}`);
}

/** Whether a client talks to a Redis Cluster. */
export function isCluster(client: RedisClient): boolean {
  return (client as { isCluster?: unknown }).isCluster === true || "nodeByAddress" in client;
}

function nodeRedis(client: NodeRedisClient): Commands {
  const until = (signal: AbortSignal) =>
    (client as Abortable).withAbortSignal?.(signal) ?? (client as NodeRedisClient & HashReader);
  const { clientSideCache, hGetAll } = client as { clientSideCache?: unknown } & HashReader;
  // A cluster and a sentinel may send what only reads to a replica, and some clients answer it themselves.
  const isDirect = ("isWatching" in client || "idleClients" in client) && clientSideCache === undefined && hGetAll !== undefined;
  return {
    evalText: ({ text }, keys, args, signal) => until(signal).eval(text, { keys, arguments: args }),
    evalSha1: async (script, keys, args, signal) => until(signal).evalSha(await script.sha1(), { keys, arguments: args }),
    readHash: isDirect ? (key, signal) => (until(signal) as Required<HashReader>).hGetAll(key) : undefined,
  };
}

function ioRedis(client: IoRedisClient): Commands {
  const { isCluster: isOfMany, hgetall } = client as { isCluster?: unknown } & HashReader;
  return {
    evalText: ({ text }, keys, args) => client.eval(text, keys.length, ...keys, ...args),
    evalSha1: async (script, keys, args) => client.evalsha(await script.sha1(), keys.length, ...keys, ...args),
    readHash: isOfMany === false && hgetall !== undefined ? (key) => hgetall.call(client, key) : undefined,
  };
}

/** It takes every text that is JSON for a value, by default. Behind a colon, none is. */
function upstash(client: UpstashRedisClient): Commands {
  const uncolon = (answer: unknown) => (Array.isArray(answer) ? answer.map((one) => String(one).slice(1)) : answer);
  return {
    evalText: async (script, keys, args) => uncolon(await client.eval(colonOf(script).text, keys, args)),
    evalSha1: async (script, keys, args) => uncolon(await client.evalsha(await colonOf(script).sha1(), keys, args)),
  };
}

const COLON = new Map<Script, Script>();

/** A script that answers as another one does, with a colon before each text of a list. */
function colonOf(script: Script): Script {
  const known = COLON.get(script);
  if (known !== undefined) return known;
  const made = new Script(`
local function answer() ${script.text} end
local said = answer()
if type(said) == 'table' then
  for at = 1, #said do said[at] = ':' .. said[at] end
end
return said
`);
  COLON.set(script, made);
  return made;
}
