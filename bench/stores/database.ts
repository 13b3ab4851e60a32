/**
 * A database that stores sessions, and the applications on it, as the benchmark sees them.
 *
 * @module
 */
import type { SessionStore } from "../../dist/index.js";
import type { App } from "../harness/app.ts";

/**
 * How an application is set up: as usual; so that every request writes down that the session was used; so that a session is loaded only
 * when the handler asks; or both.
 */
export type Setting = "usual" | "touching" | "lazy" | "touching, lazy";

/** What a request does, in an application of one setting. */
export interface Deed {
  readonly name: string;
  readonly path: string;
  readonly setting: Setting;
  /** The paths that a session comes from which this request uses up. Undefined: the request comes with a session that stays. */
  readonly after?: readonly string[];
}

export const DEEDS: readonly Deed[] = [
  { name: "read", path: "/read", setting: "usual" },
  { name: "write", path: "/write", setting: "usual" },
  { name: "patch", path: "/patch", setting: "lazy" },
  { name: "touch", path: "/read", setting: "touching" },
  { name: "touch, lazy", path: "/read", setting: "touching, lazy" },
  { name: "new", path: "/new", setting: "usual", after: [] },
  { name: "login", path: "/login", setting: "usual", after: ["/new"] },
  { name: "logout", path: "/logout", setting: "usual", after: ["/new", "/login"] },
];

/** A session library in a framework, its sessions in a database that `Link` leads to. */
export interface StoredContender<Link> {
  readonly name: string;
  /** Whether it is web-session-store. Peers have nothing that is lazy, and no patch. */
  readonly ours: boolean;
  app(link: Link, setting: Setting): Promise<App>;
}

/** What was asked of a database. */
export interface Traffic {
  /** How often a request waited for the server; how many transactions it has in SQLite. */
  readonly turns: number;
  /** The first word of each command or statement. */
  readonly words: readonly string[];
}

/** A database that runs. */
export interface Running<Link> {
  /** The way to it that is timed. */
  readonly direct: Link;
  /** The way to it on which all is counted. */
  readonly counted: Link;
  /** What went the counted way since this was called last. */
  traffic(): Traffic;
  /** Microseconds of the processor that the database's own process has used so far. */
  processor(): Promise<number>;
  stop(): Promise<void>;
}

/** A database, and all that is measured on it. */
export interface Database<Link> {
  readonly name: string;
  /** What a turn is, for the title of a table. */
  readonly turns: string;
  readonly contenders: readonly StoredContender<Link>[];
  start(): Promise<Running<Link>>;
  /** For the comparison with a bare SELECT, where the client is of others. */
  row?(link: Link): Row;
}

/** Two ways to the row of a session, by the same client. */
export interface Row {
  readonly store: SessionStore;
  select(id: string): Promise<unknown>;
}

/** Whether a contender can do it. */
export function does({ ours }: { readonly ours: boolean }, { setting }: Deed): boolean {
  return ours || !setting.includes("lazy");
}
