/** Serves the page's style sheet and script on Node. On Workers, the platform does that. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Middleware } from "koa";

const FILES = ["/playground.css", "/playground.js"];

export const publicFiles: Middleware = async (ctx, next) => {
  if (!FILES.includes(ctx.path)) return next();
  ctx.type = ctx.path.slice(ctx.path.lastIndexOf("."));
  ctx.set("Cache-Control", "no-cache");
  ctx.set("X-Content-Type-Options", "nosniff");
  ctx.body = await readFile(join(import.meta.dirname, "public", ctx.path));
};
