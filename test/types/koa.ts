/** What must compile with Koa's types, and what must not. Checked by `tsc -p test`; nothing here runs. */
import Koa from "koa";
import { z } from "zod";
import { getSession, session } from "../../src/adapters/koa/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { SECRET } from "../support/secrets.ts";

interface Data {
  views: number;
}

const app = new Koa();
const typed = app.use(session<Data>());
typed.use((ctx) => {
  const views: number | undefined = ctx.session.views;
  ctx.session.views = (views ?? 0) + 1;
  ctx.session = { views: 1 };
  ctx.session = null;
  // @ts-expect-error: a number is no text.
  ctx.session.views = "one";
  // @ts-expect-error: the application's data has no such key.
  ctx.session.wives = 1;
  // @ts-expect-error: a session is an object, or null.
  ctx.session = "text";
  const subject: string | undefined = getSession<Data>(ctx).subject;
  ctx.body = subject;
});

app.use(session({ name: "mysite", store: "cookie", cookie: { maxAge: 3_600_000, signed: true, overwrite: true } }));
app.use(session({ secrets: SECRET, store: memory(), idleTimeout: 60 }));
app.use(session({ store: { load: (sid) => `{"sid":"${sid}"}`, save: async () => {}, remove: (sid) => Promise.resolve(sid) } }));
app.use(
  session({
    store: {
      *load(sid) {
        yield Promise.resolve();
        return sid;
      },
      *save() {
        yield Promise.resolve();
      },
      remove: async () => {},
    },
  }),
);
const schema = z.object({ cart: z.array(z.string()) });
new Koa().use(session({ secrets: SECRET, store: memory(), schema })).use((ctx) => {
  const cart: string[] | undefined = ctx.session.cart;
  // @ts-expect-error: a number is no list.
  ctx.session.cart = 1;
  ctx.body = cart;
});
// @ts-expect-error: with app.keys, the timeouts and the name are Koa's; `readable` belongs to secrets.
app.use(session({ readable: true }));
// @ts-expect-error: app.keys sign by node:crypto, whatever is said.
app.use(session({ crypto: nodeCrypto }));
app.use(session({ secrets: SECRET, crypto: nodeCrypto }));
// @ts-expect-error: a store has three methods at least.
app.use(session({ store: { load: () => "" } }));
