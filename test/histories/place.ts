/** What a place is where histories are made: a store, and what it runs on. */
import type { SessionStore } from "../../src/stored/contract.ts";
import type { DatabaseServer } from "../support/server-folder.ts";
import type { IsTaken } from "./calls.ts";

/** A store to be observed. */
export interface Place {
  /** Starts what the store needs, and says where it is. */
  start(): Promise<Running>;
  /** Opens the store in a process. @param process The how manieth it is. */
  open(at: string, process: number): Promise<SessionStore>;
  isTaken: IsTaken;
  /** Whether a `remove` by a mark is several transactions: the session goes first, and the marks last. */
  marksGoLast?: true;
}

/** What runs. */
export interface Running {
  readonly at: string;
  /** Kills the server at once, and starts it on the same data. Without it, one of the store's processes is killed. */
  crash?(): Promise<void>;
  stop(): Promise<void>;
}

/** A server that is killed. @param at What the store's processes need to find it. */
export function killed(server: Pick<DatabaseServer, "kill" | "start" | "stop">, at: string): Running {
  const crash = async () => {
    await server.kill();
    await server.start();
  };
  return { at, crash, stop: server.stop };
}
