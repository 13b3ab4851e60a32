/** A real Valkey on a free port of this machine. */
import { execFileSync } from "node:child_process";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import "./packages.ts";

/** Starts one, with options of its command line. Fetches it where there is none, which takes seconds. */
export async function startValkey(options: string[] = []): Promise<RedisServer> {
  const program = execFileSync("test/redis-clients/valkey.sh", { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  return startRedis(options, program);
}
