/**
 * Calls to sessions' objects: which object, and how often.
 *
 * @module
 */
import { OptionError } from "../../ground/errors.ts";
import { failureOf, notABinding, withoutRpc } from "./failures.ts";
import type { ObjectCalls } from "./rows.ts";

/**
 * The part of a Durable Object binding that the store uses: `env.SESSIONS` fits, whatever types of Workers you have.
 *
 * https://developers.cloudflare.com/durable-objects/api/namespace/
 */
export interface ObjectNamespace {
  /** The object of a name. Runtimes before August 2025 lack it: there, the next two are used. */
  getByName?(name: string, options?: object): object;
  /** The id of a name. */
  idFromName?(name: string): object;
  /** The object of an id. */
  get?(id: object, options?: object): object;
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

/** The objects of a namespace, by route. */
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
   * Asks the object of a route. A call that Cloudflare calls retryable, or whose object was reset, is made up to three times, each
   * time on a new stub, since one that failed stays broken: every call of an object may be made again.
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

/** Whether this store made the route. A token made for another store may have another one, or none. */
export function isRoute(route: string | undefined): route is string {
  return route !== undefined && ROUTE.test(route);
}

function isNamespace(given: Partial<ObjectNamespace> | null | undefined): boolean {
  if (typeof given?.getByName === "function") return true;
  return typeof given?.idFromName === "function" && typeof given.get === "function";
}

/** Runtimes before August 2025 have no `getByName`; it means the same. */
function objectIn(namespace: ObjectNamespace, name: string, options: object | undefined): object | undefined {
  if (namespace.getByName !== undefined) return namespace.getByName(name, options);
  const id = namespace.idFromName?.(name);
  return id && namespace.get?.(id, options);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
