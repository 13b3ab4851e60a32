/** A small application for tests: what it does with the session stands in the request. */
import {
  createSessions,
  type Session,
  type SessionEvent,
  type SessionOptions,
  type Sessions,
  type StoredSessions,
} from "../../src/index.ts";
import { Browser } from "./browser.ts";
import { Clock } from "./clock.ts";
import { SECRET } from "./secrets.ts";

/** What one request does. */
export type Act = (session: Session, request: Request) => unknown;

/** Does one request, in the browser of the application or in another. */
type Does = <Result>(
  act: (session: Session, request: Request) => Result | Promise<Result>,
  browser?: Browser,
) => Promise<Awaited<Result>>;

/** An application, a browser that visits it, and what it reported. */
export interface App<Manager extends Sessions = Sessions> {
  readonly browser: Browser;
  readonly clock: Clock;
  readonly events: SessionEvent[];
  readonly sessions: Manager;
  /** One GET request: does `act`, applies the answer, and gives what `act` gave. Throws when the answer tells of a failure. */
  does: Does;
  /** The same by POST, which is told when a change is lost. */
  posts: Does;
  /** One request whose answer the caller gets. */
  answers(act: Act, headers?: Record<string, string>, method?: string): Promise<Response>;
  /** A browser of somebody else. */
  newBrowser(): Browser;
}

/** An application whose sessions are in a store. */
export type StoredApp = App<StoredSessions>;

/** Options with a store. */
export type WithStore = Partial<SessionOptions> & { store: NonNullable<SessionOptions["store"]> };

/** Makes the application; the options are those of `createSessions`. */
export function makeApp(more: WithStore): StoredApp;
export function makeApp(more?: Partial<SessionOptions>): App;
export function makeApp(more: Partial<SessionOptions> = {}): App {
  const clock = new Clock();
  const events: SessionEvent[] = [];
  const sessions = createSessions({ secrets: SECRET, now: clock.now, onEvent: (event) => events.push(event), ...more });
  const acts = new Map<string, Act>();
  let count = 0;
  const serve = sessions.handler(async (request, session) =>
    toResponse(await acts.get(new URL(request.url).pathname)?.(session, request)),
  );

  function toResponse(result: unknown): Response {
    return result instanceof Response ? result : new Response("done");
  }

  function place(act: Act): string {
    const path = `/${count++}`;
    acts.set(path, act);
    return path;
  }

  const newBrowser = () => new Browser(serve, clock);
  const browser = newBrowser();

  function doing(method: string): Does {
    return async (act, visitor = browser) => {
      let result: unknown;
      const path = place(async (session, request) => {
        result = await act(session, request);
      });
      const { status } = await visitor.visit(path, { method });
      if (status >= 400) throw new Error(`The request was answered with ${status}`);
      return result as never;
    };
  }

  return {
    browser,
    clock,
    events,
    sessions,
    newBrowser,
    answers: (act, headers = {}, method = "GET") => browser.ask(place(act), { headers, method }),
    does: doing("GET"),
    posts: doing("POST"),
  };
}

/** The same sessions, which are in a store, whatever their type says. */
export function inStore<Data extends object>(sessions: Sessions<Data>): StoredSessions<Data> {
  if (!("list" in sessions)) throw new Error("These sessions are in their cookies");
  return sessions as StoredSessions<Data>;
}

/** The types of events, in order. */
export function typesOf(events: readonly SessionEvent[]): string[] {
  return events.map(({ type }) => type);
}
