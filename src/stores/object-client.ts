/**
 * Calls to sessions' objects: which object, how often, and what a failure means.
 *
 * @module
 */
import { OptionError } from "../errors.ts";
import type { ObjectCalls } from "./object-rows.ts";

/**
 * The part of a Durable Object binding that the store uses: `env.SESSIONS` fits, whatever types of Workers you have.
 *
 * https://developers.cloudflare.com/durable-objects/api/namespace/
 */
export interface ObjectNamespace {
  getByName(name: string, options?: object): object;
  jurisdiction(name: string): ObjectNamespace;
}

/** Where objects are. */
export interface Placement {
  /** The jurisdiction of new sessions' objects. */
  readonly jurisdiction: string | undefined;
  /** The region of objects that do not exist yet. */
  readonly locationHint: string | undefined;
}

/** What the store asks an object. */
export type SessionStub = { [Name in keyof ObjectCalls]: Remote<ObjectCalls[Name]> } & {
  fetch(request: Request): Promise<Response>;
};

type Remote<Method> = Method extends (...given: infer Given) => infer Result
  ? (...given: Given) => Promise<Awaited<Result>>
  : never;

/** A route: the jurisdiction if there is one, a letter for users, visitors or other records, and 16 bytes. */
const ROUTE = /^(?:([a-z][a-z-]{0,30})\.)?[uvr][\w-]{22}$/;

const TRIES = 3;
const SHORTEST_WAIT = 50;
const LONGEST_WAIT = 200;

/** What is missing when the binding or the class is. */
const WIRING = `Add to wrangler.toml:

  [[durable_objects.bindings]]
  name = "SESSIONS"
  class_name = "SessionObject"

  [exports.SessionObject]
  type = "durable-object"
  storage = "sqlite"

and to the Worker's main file:

  export { SessionObject } from "web-session-store/stores/session-object";
`;

/** The only call that version 0.1.0 lacks. No other call of it can take its place: two callers could have the record. */
const OLD_OBJECT = "its version of web-session-store cannot take a record. Deploy the Worker that exports SessionObject";

/** The objects of a namespace, by route. */
export class SessionObjects {
  readonly #namespace: ObjectNamespace;
  readonly #locationHint: string | undefined;
  readonly #wait: (milliseconds: number) => Promise<void>;

  constructor(namespace: ObjectNamespace, { jurisdiction, locationHint }: Placement, wait: typeof sleep = sleep) {
    if (typeof namespace?.getByName !== "function") {
      throw new OptionError("ERR_OPTION", `Cannot keep sessions in Durable Objects: the binding is missing. ${WIRING}`);
    }
    if (jurisdiction !== undefined && !ROUTE.test(`${jurisdiction}.u${"0".repeat(22)}`)) {
      throw new OptionError("ERR_OPTION", 'Cannot use the jurisdiction: it must be a name such as "eu"');
    }
    this.#namespace = namespace;
    this.#locationHint = locationHint;
    this.#wait = wait;
  }

  /**
   * Asks the object of a route. A call that Cloudflare calls retryable is made up to three times, each time on a new stub,
   * since one that failed stays broken: every call of an object may be made again.
   *
   * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
   */
  async ask<Result>(route: string, call: (object: SessionStub) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await call(this.#object(route));
      } catch (error) {
        const failure = failureOf(error);
        if (failure.retryable !== true || tries === TRIES) throw failure;
        await this.#wait(SHORTEST_WAIT + Math.random() * (LONGEST_WAIT - SHORTEST_WAIT));
      }
    }
  }

  #object(route: string): SessionStub {
    const [, jurisdiction] = ROUTE.exec(route) ?? [];
    const namespace = jurisdiction === undefined ? this.#namespace : this.#namespace.jurisdiction(jurisdiction);
    const options = this.#locationHint === undefined ? undefined : { locationHint: this.#locationHint };
    return namespace.getByName(route, options) as SessionStub;
  }
}

/** Whether this store made the route. A token made for another store may have another one, or none. */
export function isRoute(route: string | undefined): route is string {
  return route !== undefined && ROUTE.test(route);
}

/** The error for the application. The messages of Cloudflare's are lost on purpose: the core shows a word at most. */
function failureOf(error: unknown): Error & { retryable?: boolean } {
  const { message, overloaded, retryable } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (overloaded === true) return coded("OVERLOADED", "it has more requests than it can answer", false);
  if (retryable === true) return coded("UNREACHABLE", "it cannot be reached", true);
  if (/does not implement (?:the method )?"take"/.test(String(message))) return coded("OLD_OBJECT", OLD_OBJECT, false);
  if (/does not (?:implement|support RPC)|SQL is not enabled/i.test(String(message))) {
    return new OptionError("ERR_OPTION", `Cannot keep sessions in Durable Objects: the class is not SessionObject. ${WIRING}`);
  }
  return error instanceof Error ? error : coded("FAILED", "it failed", false);
}

function coded(code: string, what: string, retryable: boolean): Error & { code: string; retryable: boolean } {
  return Object.assign(new Error(`Cannot ask the session's object: ${what}`), { code, retryable });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
