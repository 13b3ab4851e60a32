/**
 * What is served over sockets: Koa alone, and with each session library for it.
 *
 * @module
 */
import type Koa from "koa";
import { session } from "../../dist/adapters/koa/index.js";
import { useGenericSession, useKoaSession } from "../contenders/koa.ts";
import { ourOptions } from "../contenders/ours.ts";
import { ctxSession, koaHandler } from "../frameworks/koa.ts";
import type { NodeHandler } from "../harness/node-app.ts";

const with_ = (use: (app: Koa) => unknown): NodeHandler => koaHandler(ctxSession, use as (app: Koa) => void);
const ours = (options: object): NodeHandler => with_((app) => app.use(session(options as never) as never));

export const ALONE = "Koa alone";

/** Each is created in the process that serves it. */
export const HANDLERS: Readonly<Record<string, () => NodeHandler>> = {
  [ALONE]: () => koaHandler(),
  "ours: Koa, readable": () => ours(ourOptions("signed")),
  "ours: Koa, encrypted": () => ours(ourOptions("encrypted")),
  "ours: Koa, store": () => ours(ourOptions("store")),
  "ours: Koa compatible, cookie": () => ours({}),
  "koa-session (cookie)": () => with_(useKoaSession("cookie")),
  "koa-session (store)": () => with_(useKoaSession("store")),
  "koa-generic-session": () => with_(useGenericSession),
};
