/**
 * Express, and the session libraries for it.
 *
 * @module
 */
import cookieSession from "cookie-session";
import express from "express";
import expressSession from "express-session";
import type { App } from "../harness/app.ts";
import type { Contender } from "../harness/contender.ts";
import { type NodeHandler, nodeApp } from "../harness/node-app.ts";
import { act, type Data, type Deeds, noSession, onObject } from "./deeds.ts";
import { SECRET } from "./secrets.ts";

// biome-ignore lint/suspicious/noExplicitAny: every library gives Express's request another session.
type ExpressRequest = any;

/** An Express application under test. */
export function expressApp(deeds: Deeds<ExpressRequest> = noSession, use?: unknown): App {
  const app = express();
  app.disable("x-powered-by").disable("etag");
  if (use !== undefined) app.use(use);
  app.use(async (request: ExpressRequest, response: ExpressRequest) => {
    response.type("text/plain").send(await act(deeds, request.path, request));
  });
  return nodeApp(app as NodeHandler);
}

/** `request.session`, as both have it. */
export const reqSession = onObject<ExpressRequest>((request) => request.session as Partial<Data>);
const day = 24 * 60 * 60 * 1000;
const common = { ours: false, framework: "express" } as const;

export const expressContenders: readonly Contender[] = [
  {
    ...common,
    name: "cookie-session",
    kind: "signed",
    app: () => expressApp(reqSession, cookieSession({ keys: [SECRET], maxAge: day })),
  },
  {
    ...common,
    name: "express-session",
    kind: "store",
    app: () =>
      expressApp(
        reqSession,
        expressSession({ secret: SECRET, resave: false, saveUninitialized: false, cookie: { maxAge: day } }),
      ),
  },
];
