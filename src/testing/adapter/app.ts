/**
 * The application that an adapter's author provides for the contract.
 *
 * @module
 */
import type { SessionOptions } from "../../manager/options.ts";
import type { Session } from "../../session/session.ts";

/**
 * Handles a path, for any method. It may throw an error, which the framework handles as usual. It may
 * also throw a `Response`: if the framework does not support that, send it as if it had been returned.
 */
export type AdapterRoute = (session: Session, request: Request) => Response | Promise<Response>;

/** An application with the adapter under test. */
export interface AdapterApp {
  /**
   * Handles a request to `https://app.example.com`. Redirects count as responses: do not follow
   * them. May reject with what a route threw if the framework lets its server handle errors.
   */
  serve(request: Request): Response | Promise<Response>;
  /** Called after the case, to close servers. */
  close?(): unknown;
}

/** Creates an application from these options and routes. The keys of `routes` are paths. */
export type MakeApp = (
  options: SessionOptions,
  routes: Readonly<Record<string, AdapterRoute>>,
) => AdapterApp | Promise<AdapterApp>;
