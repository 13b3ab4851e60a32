/**
 * Stories of the adapter contract: a browser, an application with the adapter, and a clock.
 *
 * @module
 */
import type { SessionOptions } from "../../manager/options.ts";
import type { AdapterApp, AdapterRoute, MakeApp } from "./app.ts";
import { Browser, type Serve } from "./browser.ts";
import { Clock } from "./clock.ts";
import { ROUTES, readyFirst, type StoryRoute } from "./routes.ts";

/** What a story works with. */
interface Scene {
  readonly clock: Clock;
  readonly serve: Serve;
  readonly browser: Browser;
}

/** Creates the application from the common routes, these routes, and these options. */
export type SetUp = (routes?: Record<string, StoryRoute>, options?: Partial<SessionOptions>) => Promise<Scene>;

/** A case without its adapter. */
export interface AdapterStory {
  readonly name: string;
  run(setUp: SetUp): Promise<void>;
}

/** Public: only for the contract's own applications. */
const SECRET = "dGhlIHNlY3JldCBvZiB0aGUgYWRhcHRlciBjb250cmFjdA9xT2w3kZ4=";

/** How many of the latest requests an error lists. */
const LATEST = 6;

/** One story. */
export function story(name: string, run: (setUp: SetUp) => Promise<void>): AdapterStory {
  return { name, run };
}

/** Stories with a common prefix and their own options. */
export function chapter(
  name: string,
  stories: readonly AdapterStory[],
  common: () => Partial<SessionOptions> = () => ({}),
): AdapterStory[] {
  return stories.map((one) => ({
    name: `${name}: ${one.name}`,
    run: (setUp) => one.run((routes, options) => setUp(routes, { ...common(), ...options })),
  }));
}

/** Runs a story against an adapter, then closes its applications. Errors list the requests that led to them. */
export async function tell({ run }: AdapterStory, makeApp: MakeApp): Promise<void> {
  const apps: AdapterApp[] = [];
  const asked: string[] = [];
  try {
    await run(async (more, options = {}) => {
      const clock = new Clock();
      const all = { ...ROUTES, ...more };
      const routes = (options.lazy ? readyFirst(all) : all) as Record<string, AdapterRoute>;
      const app = await makeApp({ secrets: SECRET, now: clock.now, ...options }, routes);
      apps.push(app);
      const serve: Serve = async (request) => {
        const at = asked.push(`${request.method} ${new URL(request.url).pathname}: no response`) - 1;
        const response = await app.serve(request);
        if (typeof response?.status !== "number")
          throw new Error(`expected serve() to return a Response, but it returned ${response}`);
        asked[at] = (asked[at] as string).replace("no response", String(response.status));
        return response;
      };
      return { clock, serve, browser: new Browser(serve, clock) };
    });
  } catch (error) {
    if (error instanceof Error && asked.length > 0) error.message += ` (after ${asked.slice(-LATEST).join(", ")})`;
    throw error;
  } finally {
    for (const app of apps) await app.close?.();
  }
}

/** The text of a response. */
export async function text(response: Response | Promise<Response>): Promise<string> {
  return (await response).text();
}
