/**
 * The Redis clients that the store supports, behind one interface.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { Script } from "./scripts.ts";

/** The methods the store uses of the package `redis` (node-redis 4 or later): a client, pool, sentinel or cluster. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** The methods the store uses of `ioredis` (5 or later), `iovalkey` or a compatible package: a client or a cluster. */
export interface IoRedisClient {
  readonly status: string;
  eval(script: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
  evalsha(sha1: string, numberOfKeys: number, ...args: string[]): Promise<unknown>;
}

/** The methods the store uses of a client of the package `@upstash/redis`, which talks HTTP. */
export interface UpstashRedisClient {
  eval(script: string, keys: string[], args: string[]): Promise<unknown>;
  evalsha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
  scriptLoad(script: string): Promise<unknown>;
}

/** A client that is connected, or connects by itself. The store never opens or closes it. */
export type RedisClient = NodeRedisClient | IoRedisClient | UpstashRedisClient;

type Command = (script: Script, keys: string[], args: string[], signal: AbortSignal) => Promise<unknown>;

export interface Commands {
  readonly evalText: Command;
  readonly evalSha1: Command;
  /** Reads the fields and values of a hash. Undefined if only a script is certain to read from the primary. */
  readonly readHash?: ((key: string, signal: AbortSignal) => Promise<unknown>) | undefined;
}

/** node-redis 5 or later can cancel a command that it has not sent yet. */
interface Abortable {
  withAbortSignal?(signal: AbortSignal): NodeRedisClient & HashReader;
}

interface HashReader {
  hGetAll?(key: string): Promise<unknown>;
  hgetall?(key: string): Promise<unknown>;
}

/** Returns the commands of a client. @throws OptionError if it is not a supported client. */
export function commandsOf(client: RedisClient): Commands {
  const shape = (typeof client === "object" && client !== null ? client : {}) as Partial<
    NodeRedisClient & IoRedisClient & UpstashRedisClient
  >;
  if (typeof shape.eval === "function") {
    if (typeof shape.evalSha === "function") return nodeRedis(client as NodeRedisClient);
    // Callback clients have evalsha too, but neither of these.
    if (typeof shape.evalsha === "function" && typeof shape.status === "string") return ioRedis(client as IoRedisClient);
    if (typeof shape.evalsha === "function" && typeof shape.scriptLoad === "function")
      return upstash(client as UpstashRedisClient);
  }
  const advice = 'pass a client of the package "redis" (4 or later), "ioredis" (5 or later), "iovalkey" or "@upstash/redis"';
  throw new OptionError("ERR_OPTION", `Cannot use this Redis client: ${advice}`);
}

export function isCluster(client: RedisClient): boolean {
  return (client as { isCluster?: unknown }).isCluster === true || "nodeByAddress" in client;
}

function nodeRedis(client: NodeRedisClient): Commands {
  const until = (signal: AbortSignal) =>
    (client as Abortable).withAbortSignal?.(signal) ?? (client as NodeRedisClient & HashReader);
  const { clientSideCache, hGetAll } = client as { clientSideCache?: unknown } & HashReader;
  // Clusters and sentinels may send reads to a replica, and clients with a cache may answer them locally.
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

/** By default this client parses any string that is valid JSON. A leading colon prevents that. */
function upstash(client: UpstashRedisClient): Commands {
  const uncolon = (answer: unknown) => (Array.isArray(answer) ? answer.map((one) => String(one).slice(1)) : answer);
  return {
    evalText: async (script, keys, args) => uncolon(await client.eval(colonOf(script).text, keys, args)),
    evalSha1: async (script, keys, args) => uncolon(await client.evalsha(await colonOf(script).sha1(), keys, args)),
  };
}

const COLON = new Map<Script, Script>();

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
