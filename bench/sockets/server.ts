/**
 * The process that serves one handler of bench/sockets.ts and reports its resource use on request.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cookieHeader } from "../harness/app.ts";
import { nodeApp } from "../harness/node-app.ts";
import { HANDLERS } from "./handlers.ts";

/** Its first message. */
export interface Serving {
  readonly port: number;
  /** The Cookie header of a session. */
  readonly cookie: string;
}

/** Its reply on request. */
export interface Taken extends NodeJS.CpuUsage {
  /** Milliseconds between the first and the last request since the previous report. */
  readonly elapsed: number;
}

let first = 0;
let last = 0;
const handler = HANDLERS[process.argv[2] ?? ""]?.();
if (handler === undefined) throw new Error(`Cannot serve ${process.argv[2]}: there is none`);
const created = await nodeApp(handler).ask("/new");
const cookie = cookieHeader(created.setCookie) || "session=none";
const server = createServer((request, response) => {
  last = performance.now();
  if (first === 0) first = last;
  handler(request, response);
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port, cookie } satisfies Serving));
process.on("message", () => {
  process.send?.({ ...process.cpuUsage(), elapsed: last - first } satisfies Taken);
  first = 0;
});
process.on("disconnect", () => process.exit());
