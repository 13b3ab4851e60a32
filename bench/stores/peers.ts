/**
 * Peers with their sessions in Redis. If a peer can be told not to write
 * on a read, it does not. A touch is a read with writing turned on.
 *
 * @module
 */
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import { RedisStore } from "connect-redis";
import koaRedis from "koa-redis";
import koaSession from "koa-session";
import { newData } from "../contenders/deeds.ts";
import { fastifyApp, requestSession } from "../contenders/fastify.ts";
import { SECRET } from "../contenders/secrets.ts";
import { ctxSession, type KoaContext, koaApp } from "../frameworks/koa.ts";
import { ioRedisOptions, nodeRedis } from "./clients.ts";
import type { StoredContender } from "./database.ts";
import { onExpress } from "./express.ts";

const day = 24 * 60 * 60 * 1000;

// biome-ignore lint/suspicious/noExplicitAny: Fastify gives its requests other sessions.
type AnyRequest = any;
const onKoa = {
  ...ctxSession,
  login: (ctx: KoaContext, subject: string) => {
    ctx.session.subject = subject;
    return ctx.session.regenerate();
  },
  logout: (ctx: KoaContext) => {
    ctx.session = null;
  },
};

const onFastify = {
  ...requestSession,
  login: async (request: AnyRequest, subject: string) => {
    await request.session.regenerate(Object.keys(newData()));
    request.session.set("subject", subject);
  },
  logout: (request: AnyRequest) => request.session.destroy(),
};

/** Each is led to Redis by a port of this machine. */
export const redisPeers: readonly StoredContender<number>[] = [
  {
    name: "express-session, connect-redis",
    ours: false,
    async app(port, setting) {
      return onExpress(new RedisStore({ client: await nodeRedis(port), disableTouch: setting !== "touching" }));
    },
  },
  {
    name: "koa-session, koa-redis",
    ours: false,
    async app(port, setting) {
      const store = koaRedis(ioRedisOptions(port));
      // What is emitted and heard by nobody would end the process.
      store.on("error", () => {});
      const options = { maxAge: day, store, rolling: setting === "touching" };
      return koaApp(onKoa, (app) => app.use(koaSession(options as never, app as never) as never));
    },
  },
  {
    name: "@fastify/session, connect-redis",
    ours: false,
    async app(port, setting) {
      const store = new RedisStore({ client: await nodeRedis(port), prefix: "fastify:" }) as never;
      const cookie = { secure: false, maxAge: day };
      return fastifyApp(onFastify, async (app) => {
        await app.register(fastifyCookie);
        await app.register(fastifySession, {
          ...{ secret: SECRET, store, cookie, saveUninitialized: false, rolling: setting === "touching" },
        });
      });
    },
  },
];
