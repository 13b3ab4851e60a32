/** A small application for tests: what it does with the session stands in the request. */
import { createSessions, type Session, type SessionEvent, type SessionOptions, type Sessions } from "../../src/index.ts";
import { Browser } from "./browser.ts";
import { Clock } from "./clock.ts";
import { SECRET } from "./secrets.ts";

/** What one request does. */
export type Act = (session: Session, request: Request) => unknown;

/** An application, a browser that visits it, and what it reported. */
export interface App {
  readonly browser: Browser;
  readonly clock: Clock;
  readonly events: SessionEvent[];
  readonly sessions: Sessions;
  /** One request: does `act`, applies the answer, and gives what `act` gave. */
  does<Result>(
    act: (session: Session, request: Request) => Result | Promise<Result>,
    browser?: Browser,
  ): Promise<Awaited<Result>>;
  /** One request whose answer the caller gets. */
  answers(act: Act, headers?: Record<string, string>): Promise<Response>;
  /** A browser of somebody else. */
  newBrowser(): Browser;
}

/** Makes the application; the options are those of `createSessions`. */
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
  return {
    browser,
    clock,
    events,
    sessions,
    newBrowser,
    answers: (act, headers = {}) => browser.ask(place(act), { headers }),
    async does(act, visitor = browser) {
      let result: unknown;
      const path = place(async (session, request) => {
        result = await act(session, request);
      });
      await visitor.visit(path);
      return result as never;
    },
  };
}

/** The types of events, in order. */
export function typesOf(events: readonly SessionEvent[]): string[] {
  return events.map(({ type }) => type);
}
