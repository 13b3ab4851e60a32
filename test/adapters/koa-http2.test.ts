/** Koa on HTTP/2, whose responses have no status text: Node warns whoever reads it. */
import { type ClientHttp2Session, connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import Koa from "koa";
import Koa2 from "koa2";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import session, { getSession, type KoaOptions, type KoaSecretOptions } from "../../src/adapters/koa/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing) close();
});

const warnings: string[] = [];
const hear = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`);
beforeEach(() => {
  warnings.length = 0;
  process.on("warning", hear);
});
afterEach(() => void process.off("warning", hear));

/** A browser that asks an application over HTTP/2. */
async function browserOf(app: Koa): Promise<Browser> {
  const server: Http2Server = createServer(app.callback() as never);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client: ClientHttp2Session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => client.close(() => server.close()));
  return new Browser(({ url, method, headers }) => {
    const { pathname } = new URL(url);
    const stream = client.request({ ":path": pathname, ":method": method, ...Object.fromEntries(headers) });
    return new Promise((resolve, reject) => {
      let body = "";
      let answer: Headers;
      let status = 0;
      stream.setEncoding("utf8");
      stream.on("response", (got) => {
        status = got[":status"] as number;
        const named = Object.entries(got).filter(([name]) => !name.startsWith(":"));
        answer = new Headers(
          named.flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, one] as [string, string])),
        );
      });
      stream.on("data", (chunk) => {
        body += chunk;
      });
      stream.on("end", () => resolve(new Response(body === "" ? null : body, { status, headers: answer })));
      stream.on("error", reject);
      stream.end();
    });
  });
}

const MODES: [string, KoaOptions | KoaSecretOptions][] = [
  ["with app.keys", {}],
  ["with secrets", { secrets: SECRET }],
  ["with secrets and a store", { secrets: SECRET, store: memory() }],
];

describe.each([
  ["Koa 3", Koa],
  ["Koa 2", Koa2 as unknown as typeof Koa],
])("%s on HTTP/2", (_version, Application) => {
  it.each(MODES)("counts views, logs out with an error, and warns of nothing: %s", async (_mode, options) => {
    const app = new Application({ keys: [SECRET] });
    app.silent = true;
    app.use(session<{ views: number }>(options as KoaOptions) as never);
    app.use((ctx) => {
      if (ctx.path === "/nothing") return;
      if (ctx.path === "/leave") {
        getSession(ctx).logout();
        ctx.throw(403, "gone");
      }
      ctx.session.views = (ctx.session.views ?? 0) + 1;
      ctx.body = String(ctx.session.views);
    });
    const browser = await browserOf(app);
    for (const views of ["1", "2"]) expect(await (await browser.visit("/")).text()).toBe(views);
    expect((await browser.visit("/nothing")).status).toBe(404);
    expect((await browser.visit("/leave")).status).toBe(403);
    expect(browser.cookieHeader()).toBe("");
    expect(await (await browser.visit("/")).text()).toBe("1");
    // Warnings are told after the turn in which they arise.
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });
});
