/** An application with its sessions in Deno KV, for tests of several processes, on Node or Deno. It is told the file. */
import { denoKv } from "../../src/stores/deno-kv/index.ts";
import { serveSessions } from "../support/store-server.ts";
import { openKv } from "./runtime.ts";

const { DATABASE = "" } = process.env;
serveSessions(denoKv(await openKv(DATABASE), { timeout: 30 }));
