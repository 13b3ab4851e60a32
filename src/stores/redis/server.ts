/**
 * Runs the store's commands and scripts on any supported client.
 *
 * @module
 */
import { inTime } from "../../ground/in-time.ts";
import { type Commands, commandsOf, type RedisClient } from "./client.ts";
import { isScriptMissing, timeoutFailure, withoutData } from "./failure.ts";
import { READ, type Script } from "./scripts.ts";

/** Calls time out after `timeout` seconds. Errors hold no session data. */
export class RedisServer {
  readonly #commands: Commands;
  readonly #timeout: number;

  /** @throws OptionError if the client is not supported. */
  constructor(client: RedisClient, timeout: number) {
    this.#commands = commandsOf(client);
    this.#timeout = timeout;
  }

  run(script: Script, keys: string[], args: string[]): Promise<unknown> {
    const { evalSha1, evalText } = this.#commands;
    return this.#within(async (signal) => {
      try {
        return await evalSha1(script, keys, args, signal);
      } catch (error) {
        if (signal.aborted || !isScriptMissing(error)) throw error;
        return evalText(script, keys, args, signal);
      }
    });
  }

  readHash(key: string): Promise<unknown> {
    const { readHash } = this.#commands;
    // A script costs Redis three times as much.
    return readHash === undefined ? this.run(READ, [key], []) : this.#within((signal) => readHash(key, signal));
  }

  async #within(call: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    try {
      return await inTime(this.#timeout, call, timeoutFailure);
    } catch (error) {
      throw withoutData(error);
    }
  }
}
