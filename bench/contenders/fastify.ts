/**
 * Fastify, and its session plugins.
 *
 * @module
 */
import fastifyCookie from "@fastify/cookie";
import secureSession from "@fastify/secure-session";
import fastifySession from "@fastify/session";
import fastify from "fastify";
import type { App } from "../harness/app.ts";
import type { Contender } from "../harness/contender.ts";
import { nodeApp } from "../harness/node-app.ts";
import { act, type Deeds, noSession, onMap } from "./deeds.ts";
import { SECRET } from "./secrets.ts";

// biome-ignore lint/suspicious/noExplicitAny: every plugin gives Fastify's request another session.
type FastifyRequest = any;

/** A Fastify application under test. */
export async function fastifyApp(
  deeds: Deeds<FastifyRequest> = noSession,
  use: (app: FastifyRequest) => Promise<void> = async () => {},
): Promise<App> {
  const app = fastify();
  await use(app);
  app.get("/*", async (request) => act(deeds, request.url, request));
  await app.ready();
  return nodeApp(app.routing as never);
}

/** `request.session`, as both have it. */
export const requestSession = onMap<FastifyRequest>((request) => request.session);
const day = 24 * 60 * 60;
const common = { ours: false, framework: "fastify" } as const;

export const fastifyContenders: readonly Contender[] = [
  {
    ...common,
    name: "@fastify/session",
    kind: "store",
    app: () =>
      fastifyApp(requestSession, async (app) => {
        await app.register(fastifyCookie);
        const cookie = { secure: false, maxAge: day * 1000 };
        await app.register(fastifySession, { secret: SECRET, saveUninitialized: false, rolling: false, cookie });
      }),
  },
  {
    ...common,
    name: "@fastify/secure-session",
    kind: "encrypted",
    app: () =>
      fastifyApp(requestSession, async (app) => {
        await app.register(secureSession, { key: Buffer.from(SECRET), expiry: day, cookie: { path: "/" } });
      }),
  },
];
