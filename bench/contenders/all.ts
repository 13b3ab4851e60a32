/**
 * Everything that is measured, and each framework without a session.
 *
 * @module
 */
import { plainApp } from "../frameworks/fetch.ts";
import { honoApp } from "../frameworks/hono.ts";
import { koaApp } from "../frameworks/koa.ts";
import type { App } from "../harness/app.ts";
import type { Contender, Framework } from "../harness/contender.ts";
import { expressApp, expressContenders } from "./express.ts";
import { fastifyApp, fastifyContenders } from "./fastify.ts";
import { fetchContenders } from "./fetch.ts";
import { h3App, h3Contenders } from "./h3.ts";
import { honoContenders } from "./hono.ts";
import { koaContenders } from "./koa.ts";
import { ourContenders } from "./ours.ts";
import { remixApp, remixContenders } from "./remix.ts";

export const contenders: readonly Contender[] = [
  ...ourContenders,
  ...koaContenders,
  ...expressContenders,
  ...fastifyContenders,
  ...honoContenders,
  ...h3Contenders,
  ...remixContenders,
  ...fetchContenders,
];

/** The frameworks alone. */
export const bare: Readonly<Record<Framework, () => App | Promise<App>>> = {
  koa: () => koaApp(),
  express: () => expressApp(),
  fastify: () => fastifyApp(),
  hono: () => honoApp(),
  h3: () => h3App(),
  remix: () => remixApp(),
  fetch: () => plainApp(),
};
