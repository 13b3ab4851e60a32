/**
 * Calls to sessions' objects: the right object, with retries.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { failureOf, notABinding, withoutRpc } from "./failures.ts";
import type { ObjectCalls } from "./rows.ts";

/**
 * The methods used of a Durable Object binding. `env.SESSIONS` fits any version of the Workers types.
 *
 * https://developers.cloudflare.com/durable-objects/api/namespace/
 */
export interface ObjectNamespace {
  /** Returns the object of a name. Runtimes before August 2025 lack it and need the next two methods. */
  getByName?(name: string, options?: object): object;
  /** Returns the id of a name. */
  idFromName?(name: string): object;
  /** Returns the object of an id. */
  get?(id: object, options?: object): object;
  jurisdiction(name: string): ObjectNamespace;
}

export interface Placement {
  readonly jurisdiction: string | undefined;
  /** The region for objects that do not exist yet. */
  readonly locationHint: string | undefined;
}

export type SessionStub = { [Name in keyof ObjectCalls]: Remote<ObjectCalls[Name]> } & {
  fetch(request: Request): Promise<Response>;
};

type Remote<Method> = Method extends (...given: infer Given) => infer Result
  ? (...given: Given) => Promise<Awaited<Result>>
  : never;

/** The jurisdiction if any, a letter for users, visitors or other records, and 16 bytes. */
const ROUTE = /^(?:([a-z][a-z-]{0,30})\.)?[uvr][\w-]{22}$/;

const TRIES = 3;
const SHORTEST_WAIT = 50;
const LONGEST_WAIT = 200;

export class SessionObjects {
  readonly #namespace: ObjectNamespace;
  readonly #locationHint: string | undefined;
  readonly #wait: (milliseconds: number) => Promise<void>;

  constructor(namespace: ObjectNamespace, { jurisdiction, locationHint }: Placement, wait: typeof sleep = sleep) {
    if (!isNamespace(namespace)) throw notABinding(namespace);
    if (jurisdiction !== undefined && !ROUTE.test(`${jurisdiction}.u${"0".repeat(22)}`)) {
      throw new OptionError("ERR_OPTION", 'Cannot use the jurisdiction: it must be a name such as "eu"');
    }
    this.#namespace = namespace;
    this.#locationHint = locationHint;
    this.#wait = wait;
  }

  /**
   * Calls an object. If Cloudflare marks the error as retryable, or the object was reset, the call is made up to
   * three times, each on a new stub because a failed stub stays broken. Every call of an object is safe to repeat.
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
    const object = objectIn(namespace, route, options) as SessionStub;
    if (typeof object.load !== "function") throw withoutRpc();
    return object;
  }
}

/** Whether this store made the route. A token made with another store may have a different one, or none. */
export function isRoute(route: string | undefined): route is string {
  return route !== undefined && ROUTE.test(route);
}

function isNamespace(given: Partial<ObjectNamespace> | null | undefined): boolean {
  if (typeof given?.getByName === "function") return true;
  return typeof given?.idFromName === "function" && typeof given.get === "function";
}

function objectIn(namespace: ObjectNamespace, name: string, options: object | undefined): object | undefined {
  if (namespace.getByName !== undefined) return namespace.getByName(name, options);
  const id = namespace.idFromName?.(name);
  return id && namespace.get?.(id, options);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
