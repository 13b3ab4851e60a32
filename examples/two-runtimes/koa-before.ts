// The application before: sessions in cookies signed with app.keys.
import Koa from "koa";
import { session } from "web-session-store/koa";
import type { Data } from "./options.ts";

const app = new Koa();
app.keys = [process.env.APP_KEY ?? ""];
app.use(session<Data>()).use((ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1;
  ctx.body = `Old Koa: ${ctx.session.views} views\n`;
});
app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
