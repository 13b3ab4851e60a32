/** The store contract on denoKv() in the runtime that runs this file; it is told the database. */
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { runContract } from "../support/contract-run.ts";
import { openKv } from "./runtime.ts";

const [path = ""] = process.argv.slice(2);
const kv = await openKv(path);
await runContract(() => denoKv(kv));
kv.close();
