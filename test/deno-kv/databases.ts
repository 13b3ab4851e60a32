/** Deno KV on Node, as `@deno/kv` has it: in memory, and in a SQLite file. And what is asked of it, counted. */
import type { DenoKv, DenoKvAtomic } from "../../src/stores/deno-kv/client.ts";
import { installed } from "../support/installed.ts";

/** An open database. */
export interface OpenKv extends DenoKv {
  close(): void;
}

const { openKv: open } = (await installed("test/deno-kv"))("@deno/kv") as { openKv(path: string): Promise<OpenKv> };

/** The database in a file; by default one in memory, which is another one each time. */
export function openKv(path = ":memory:"): Promise<OpenKv> {
  return open(path);
}

/** How often a database was asked. */
export interface Counts {
  reads: number;
  commits: number;
  /** Of the commits, those that met another change, and were made in vain. */
  inVain: number;
  /** Entries that were set and deleted. */
  entries: number;
}

/** The same database, and how often it was asked through this. */
export function counted(kv: DenoKv): { kv: DenoKv; counts: Counts } {
  const counts: Counts = { reads: 0, commits: 0, inVain: 0, entries: 0 };
  const atomic = (): DenoKvAtomic => {
    const inner = kv.atomic();
    return {
      check: (...checks) => inner.check(...checks),
      set(...given) {
        counts.entries++;
        return inner.set(...given);
      },
      delete(key) {
        counts.entries++;
        return inner.delete(key);
      },
      async commit() {
        counts.commits++;
        const result = await inner.commit();
        if (!result.ok) counts.inVain++;
        return result;
      },
    };
  };
  const list: DenoKv["list"] = (...given) => {
    counts.reads++;
    return kv.list(...given);
  };
  return { kv: { list, atomic }, counts };
}
