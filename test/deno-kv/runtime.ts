/** Deno KV of the runtime that runs this: Deno's own, or on Node the package's. */
import type { OpenKv } from "./databases.ts";

type Open = (path: string) => Promise<OpenKv>;

const { Deno } = globalThis as { Deno?: { openKv: Open } };

/** Opens a database in a file, or in memory. */
export const openKv: Open = Deno?.openKv.bind(Deno) ?? (await import("./databases.ts")).openKv;
