/** Requests that are on their way while another one does something to their session. */
import type { Session, SessionEvent } from "../../src/index.ts";
import type { Act, App } from "./app.ts";

/** A request that has its session, and goes on when it is told to. */
export async function onItsWay(app: App, act: Act, method = "POST"): Promise<{ finish(): Promise<Response> }> {
  const step = stop();
  const answer = app.answers(
    async (session, request) => {
      void session.data;
      await step.pause();
      return act(session, request);
    },
    {},
    method,
  );
  await step.isReached;
  return {
    finish: () => {
      step.goOn();
      return answer;
    },
  };
}

/** A place at which a request waits until it is told to go on. */
export function stop() {
  let goOn = () => {};
  let reached = () => {};
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const isReached = new Promise<void>((resolve) => (reached = resolve));
  return {
    isReached,
    pause: () => {
      reached();
      return gate;
    },
    goOn: () => goOn(),
  };
}

/** Whose session it is, and how it begins. */
export const OWNERS: [string, (session: Session) => void][] = [
  ["a user's", (session) => session.login("alice")],
  ["a visitor's", (session) => Object.assign(session.data, { visits: 1 })],
];

/** What was reported of changes that were dropped. */
export const lostOf = (app: App): SessionEvent[] => app.events.filter(({ type }) => type === "lost");
