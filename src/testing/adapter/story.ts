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

/** Who is in a story. */
interface Scene {
  readonly clock: Clock;
  readonly serve: Serve;
  readonly browser: Browser;
}

/** Makes the application: the usual routes and these, and these options. */
export type SetUp = (routes?: Record<string, StoryRoute>, options?: Partial<SessionOptions>) => Promise<Scene>;

/** A case before it has its adapter. */
export interface AdapterStory {
  readonly name: string;
  run(setUp: SetUp): Promise<void>;
}

/** Known to everybody: nothing but the contract's own applications may use it. */
const SECRET = "dGhlIHNlY3JldCBvZiB0aGUgYWRhcHRlciBjb250cmFjdA9xT2w3kZ4=";

/** So many of the requests are named that led to an error. */
const LATEST = 6;

/** One story. */
export function story(name: string, run: (setUp: SetUp) => Promise<void>): AdapterStory {
  return { name, run };
}

/** Stories under a common name, with options that are theirs. */
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

/** Tells a story of an adapter, and closes what was made for it. An error says which requests led to it. */
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
        const at = asked.push(`${request.method} ${new URL(request.url).pathname}: no answer`) - 1;
        const response = await app.serve(request);
        if (typeof response?.status !== "number") throw new Error(`expected serve() to give a Response, but it gave ${response}`);
        asked[at] = (asked[at] as string).replace("no answer", String(response.status));
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

/** The text of an answer. */
export async function text(response: Response | Promise<Response>): Promise<string> {
  return (await response).text();
}
