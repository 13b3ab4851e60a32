/** Peers that publish no types. */
declare module "autocannon";
declare module "cookie-session";
declare module "express";
declare module "koa-generic-session";
declare module "koa-redis";
