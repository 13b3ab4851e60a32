/** Requests that are on their way while another one does something to their session. */
import type { Session, SessionEvent } from "../../src/index.ts";
import type { Act, App } from "./app.ts";

/** A request that has its session, and goes on when it is told to. */
export async function onItsWay(app: App, act: Act, method = "POST"): Promise<{ finish(): Promise<Response> }> {
  let open = () => {};
  let isLoaded = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const loaded = new Promise<void>((resolve) => (isLoaded = resolve));
  const answer = app.answers(
    async (session, request) => {
      void session.data;
      isLoaded();
      await gate;
      return act(session, request);
    },
    {},
    method,
  );
  await loaded;
  return {
    finish: () => {
      open();
      return answer;
    },
  };
}

/** Whose session it is, and how it begins. */
export const OWNERS: [string, (session: Session) => void][] = [
  ["a user's", (session) => session.login("alice")],
  ["a visitor's", (session) => Object.assign(session.data, { visits: 1 })],
];

/** What was reported of changes that were dropped. */
export const lostOf = (app: App): SessionEvent[] => app.events.filter(({ type }) => type === "lost");
