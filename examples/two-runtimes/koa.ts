// The Koa application now: it shares its sessions with worker.ts.
import Koa from "koa";
import { session } from "web-session-store/koa";
import { type Data, sharedOptions } from "./options.ts";

const app = new Koa();
app.use(session<Data>(sharedOptions(process.env.SESSION_SECRET ?? "", process.env.APP_KEY ?? ""))).use((ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1;
  ctx.body = `Koa: ${ctx.session.views} views\n`;
});
app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
