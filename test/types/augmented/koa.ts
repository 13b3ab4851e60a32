/** The module augmentation of docs/migrating.md types every `ctx.session`. Checked by `tsc -p test/types/augmented`; nothing here runs. */
import Koa from "koa";
import type { KoaSession } from "../../../src/adapters/koa/index.ts";
import { session } from "../../../src/adapters/koa/index.ts";

declare module "koa" {
  interface DefaultContext extends KoaSession<{ views: number }> {}
}

new Koa().use(session<{ views: number }>()).use((ctx) => {
  const views: number | undefined = ctx.session.views;
  ctx.body = views;
});
