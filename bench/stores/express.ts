/**
 * express-session, with a store of sessions in a database.
 *
 * @module
 */
import expressSession from "express-session";
import { expressApp, reqSession } from "../contenders/express.ts";
import { SECRET } from "../contenders/secrets.ts";
import type { App } from "../harness/app.ts";

const DAY = 24 * 60 * 60 * 1000;

// biome-ignore lint/suspicious/noExplicitAny: express-session gives Express's requests their session.
type AnyRequest = any;
type Done = (error?: unknown) => void;

const called = (call: (done: Done) => void) =>
  new Promise<void>((resolve, reject) => call((error) => (error ? reject(error) : resolve())));

const deeds = {
  ...reqSession,
  login: async (request: AnyRequest, subject: string) => {
    const { cookie: _, ...data } = request.session;
    await called((done) => request.session.regenerate(done));
    Object.assign(request.session, data, { subject });
  },
  logout: (request: AnyRequest) => called((done) => request.session.destroy(done)),
};

/** The application on it. */
export function onExpress(store: unknown): App {
  const options = { secret: SECRET, store: store as never, resave: false, saveUninitialized: false, cookie: { maxAge: DAY } };
  return expressApp(deeds, expressSession(options));
}
