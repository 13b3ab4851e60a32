/** The methods of a session are no part of its data, and data may have their names. */
import type Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import type { Browser } from "../support/browser.ts";
import { closeServers } from "../support/koa.ts";
import { EVERYWHERE, type Form } from "./forms.ts";
import { dataOf, makeApp, read, visitorsOf } from "./visitors.ts";

afterAll(closeServers);

const METHODS = ["regenerate", "save", "destroy", "reload", "touch"];

const ROUTES: Record<string, (ctx: Koa.Context) => unknown> = {
  "/put": (ctx) => {
    ctx.session.save = "yes";
    ctx.session.cart = ["apple"];
  },
  "/add": (ctx) => {
    ctx.session.cart.push("pear");
  },
  "/drop": (ctx) => {
    delete ctx.session.save;
  },
  "/end": (ctx) => {
    ctx.session = null;
  },
  "/save": (ctx) => ctx.session.save,
  "/kind": (ctx) => typeof ctx.session.save,
  "/seen": ({ session }) => {
    const inherited = [];
    for (const key in session) inherited.push(key);
    return { json: JSON.stringify(session), keys: Object.keys(session), inherited, spread: Object.keys({ ...session }) };
  },
};

function visitor(Application: typeof Koa, form: Form): Browser {
  const app = makeApp(Application);
  app.use(form.make(app));
  app.use(async (ctx) => {
    ctx.body = JSON.stringify((await ROUTES[ctx.path]?.(ctx)) ?? dataOf(ctx));
  });
  return visitorsOf(app)();
}

describe.each(EVERYWHERE)("%s, %s", (_koa, _name, form, Application) => {
  it("nothing that lists a session's keys lists its methods", async () => {
    const browser = visitor(Application, form);
    for (const keys of [[], ["cart"]]) {
      const { json, ...lists } = await read(browser, "/seen");
      for (const name of METHODS) for (const list of Object.values(lists)) expect(list).not.toContain(name);
      expect(Object.keys(JSON.parse(json))).toEqual(keys);
      if (!form.asKoaSession) expect(lists).toEqual({ keys, inherited: keys, spread: keys });
      await browser.visit("/put");
      await browser.visit("/drop");
    }
  });

  it("a key named as a method stays data, and the middleware goes on", async () => {
    const browser = visitor(Application, form);
    await browser.visit("/put");
    expect(await read(browser, "/save")).toBe("yes");
    expect(await read(browser, "/data")).toEqual({ save: "yes", cart: ["apple"] });
    await browser.visit("/add");
    expect(await read(browser, "/data")).toEqual({ save: "yes", cart: ["apple", "pear"] });
    await browser.visit("/drop");
    expect(await read(browser, "/kind")).toBe("function");
    expect(await read(browser, "/data")).toEqual({ cart: ["apple", "pear"] });
    await browser.visit("/put");
    await browser.visit("/end");
    expect(await read(browser, "/data")).toEqual({});
  });
});
