/** Peers that publish no types. */
declare module "autocannon";
declare module "connect-pg-simple";
declare module "cookie-session";
declare module "express";
declare module "express-mysql-session";
declare module "koa-generic-session";
declare module "koa-redis";
