/**
 * The application that whoever writes an adapter makes for its contract.
 *
 * @module
 */
import type { SessionOptions } from "../../manager/options.ts";
import type { Session } from "../../session/session.ts";

/**
 * What the application does at a path, whatever the method. It may throw an error, for the framework to answer as it answers errors, and it
 * may throw a `Response`: where the framework knows no such thing, the application answers with it as if it had been returned.
 */
export type AdapterRoute = (session: Session, request: Request) => Response | Promise<Response>;

/** An application with the adapter under test. */
export interface AdapterApp {
  /**
   * Answers a request to `https://app.example.com`; a redirect is an answer, too. May reject with what a route threw, where the framework
   * leaves that to its server.
   */
  serve(request: Request): Response | Promise<Response>;
  /** Called when the case is over, to close servers. */
  close?(): unknown;
}

/** Makes an application of these options and routes, the routes by their paths. */
export type MakeApp = (
  options: SessionOptions,
  routes: Readonly<Record<string, AdapterRoute>>,
) => AdapterApp | Promise<AdapterApp>;
