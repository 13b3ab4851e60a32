/**
 * Contenders: a session library in a framework, configured in one way.
 *
 * @module
 */
import type { App } from "./app.ts";

export type Framework = "koa" | "express" | "fastify" | "hono" | "h3" | "remix" | "fetch";

/** How the session is kept: in a cookie that is signed, in one that is encrypted, in a store in memory. */
export type Kind = "signed" | "encrypted" | "store";

/** What requests do; see `SCENARIOS`. */
type Action = "read" | "write" | "new" | "anonymous" | "untouched";

export interface Contender {
  readonly name: string;
  /** Whether it is web-session-store. */
  readonly ours: boolean;
  readonly framework: Framework;
  readonly kind: Kind;
  /** What it is not measured at, since it would say nothing. */
  readonly not?: readonly Action[];
  /** What it is measured at. Default: everything but `not`. */
  readonly only?: readonly Action[];
  /** Whether requests take milliseconds: it is measured in fewer rounds. */
  readonly slow?: boolean;
  /** Of ours: cryptography by Node, without a promise, or by Web Crypto. */
  readonly crypto?: "node" | "web";
  /** Of ours: opened tokens are not remembered. */
  readonly forgets?: boolean;
  /** Of ours: loaded only when a handler asks. */
  readonly lazy?: boolean;
  /** The framework with the library. */
  readonly app: () => App | Promise<App>;
}

/** A scenario: one action, one kind of session. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly action: Action;
  /** Undefined: every kind. */
  readonly kind?: Kind;
  readonly path: string;
  readonly cookie: boolean;
}

export const SCENARIOS: readonly Scenario[] = [
  { id: "S1", title: "read, signed cookie", action: "read", kind: "signed", path: "/read", cookie: true },
  { id: "S2", title: "read, encrypted cookie", action: "read", kind: "encrypted", path: "/read", cookie: true },
  { id: "S3", title: "read, memory store", action: "read", kind: "store", path: "/read", cookie: true },
  { id: "S4a", title: "write, signed cookie", action: "write", kind: "signed", path: "/write", cookie: true },
  { id: "S4b", title: "write, encrypted cookie", action: "write", kind: "encrypted", path: "/write", cookie: true },
  { id: "S4c", title: "write, memory store", action: "write", kind: "store", path: "/write", cookie: true },
  { id: "S5", title: "no cookie, session untouched", action: "anonymous", path: "/untouched", cookie: false },
  { id: "S6", title: "new session", action: "new", path: "/new", cookie: false },
  { id: "S7", title: "valid cookie, session untouched", action: "untouched", path: "/untouched", cookie: true },
];

/** Whether a contender takes part in a scenario. */
export function takesPart({ kind, not = [], only }: Contender, scenario: Scenario): boolean {
  if (scenario.kind !== undefined && scenario.kind !== kind) return false;
  return only === undefined ? !not.includes(scenario.action) : only.includes(scenario.action);
}
