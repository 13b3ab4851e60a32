/** cookie.maxBytes: a cookie that a proxy would refuse is not sent, and the application learns it while it is written. */

import Koa from "koa";
import { afterAll, describe, expect, it } from "vitest";
import { getSession, session as koaSession } from "../../src/adapters/koa/index.ts";
import { copy } from "../../src/features/copy.ts";
import { createSessions, DataError, OptionError, type SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

afterAll(closeServers);

interface Data {
  essay: string;
}

/** An application that keeps an essay of so many characters, and says what it was told. */
function setUp(more: Partial<SessionOptions> = {}) {
  const sessions = createSessions<Data>({ secrets: SECRET, ...more });
  const errors: unknown[] = [];
  const visit = sessions.handler((request, session) => {
    const length = Number(new URL(request.url).searchParams.get("length"));
    if (length > 0) session.data.essay = "x".repeat(length);
    return new Response(String(session.data.essay?.length ?? 0));
  });
  const browser = new Browser((request) =>
    visit(request).catch((error) => {
      errors.push(error);
      return new Response("failed", { status: 500 });
    }),
  );
  const write = async (length: number) => (await browser.visit(`/?length=${length}`)).status;
  return { write, browser, errors };
}

/** The longest essay that is kept. */
async function mostOf(options: Partial<SessionOptions>): Promise<number> {
  let [least, most] = [1, 5000];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if ((await setUp(options).write(middle)) === 200) least = middle;
    else most = middle;
  }
  return least;
}

/** How many bytes name and value of the cookie take that a browser holds. */
function bytesIn(browser: Browser): number {
  return Math.max(...[...browser.cookies].map(([name, { value }]) => name.length + value.length));
}

describe("cookie.maxBytes", () => {
  it("is what name and value may take together, and no byte less", async () => {
    for (const maxBytes of [1000, 3000, 4096]) {
      const { write, browser, errors } = setUp({ cookie: { maxBytes } });
      const most = await mostOf({ cookie: { maxBytes } });
      expect(await write(most)).toBe(200);
      expect(bytesIn(browser)).toBeGreaterThan(maxBytes - 4);
      expect(bytesIn(browser)).toBeLessThanOrEqual(maxBytes);
      expect(await write(most + 1)).toBe(500);
      expect(errors).toEqual([expect.any(DataError)]);
    }
  });

  it("says how large the cookie would be, what the limit is, and which keys are the largest; the session stays as it was", async () => {
    const { write, browser, errors } = setUp({ cookie: { maxBytes: 1000 } });
    await write(100);
    expect(await write(2000)).toBe(500);
    expect(errors).toEqual([expect.objectContaining({ code: "ERR_COOKIE_TOO_LARGE" })]);
    expect((errors[0] as Error).message).toMatch(
      /^Cannot save the session in its cookie: the cookie would take [23]\d{3} bytes and cookie\.maxBytes is 1000; the largest keys are "essay" \(2002\)\. Use a store$/,
    );
    expect(await (await browser.visit("/")).text()).toBe("100");
  });

  it("is 4,096 when nothing is said, which is what browsers keep", async () => {
    const { write, errors } = setUp();
    expect(await mostOf({})).toBe(await mostOf({ cookie: { maxBytes: 4096 } }));
    expect(await write(4000)).toBe(500);
    expect((errors[0] as Error).message).toContain("and browsers keep 4096; ");
  });

  it("at its least leaves room for a session that is in a store", async () => {
    const { write, browser } = setUp({ store: memory(), cookie: { maxBytes: 512 } });
    expect(await write(4000)).toBe(200);
    expect(await (await browser.visit("/")).text()).toBe("4000");
  });

  it("leaves out a copy that is larger, and the session comes from the store", async () => {
    const { write, browser } = setUp({ store: memory(), copy: copy({ maxAge: 60 }), cookie: { maxBytes: 1000 } });
    expect(await write(50)).toBe(200);
    expect(browser.cookies.size).toBe(2);
    expect(await write(2000)).toBe(200);
    expect(browser.cookies.size).toBe(1);
    expect(await (await browser.visit("/")).text()).toBe("2000");
  });

  it("does not end a session whose cookie is larger, from before it was lowered", async () => {
    const before = setUp();
    await before.write(2000);
    const { browser } = setUp({ cookie: { maxBytes: 1000 } });
    for (const [name, held] of before.browser.cookies) browser.cookies.set(name, held);
    expect(await (await browser.visit("/")).text()).toBe("2000");
  });

  it.each([
    [511, "511"],
    [4097, "4097"],
    [0, "0"],
    [1000.5, "1000.5"],
    ["3000", '"3000"'],
    [null, "null"],
  ])("cannot be %s", (maxBytes, shown) => {
    const error = new OptionError("ERR_OPTION", `Cannot use cookie maxBytes ${shown}: it must be a whole number, 512 to 4096`);
    expect(() => createSessions({ secrets: SECRET, cookie: { maxBytes: maxBytes as never } })).toThrow(error);
    expect(() => koaSession({ cookie: { maxBytes: maxBytes as never } })).toThrow(error);
  });

  it.each<[string, object]>([
    ["app.keys", {}],
    ["secrets", { secrets: SECRET }],
  ])("holds in Koa, with %s", async (_how, options) => {
    const app = new Koa();
    const errors: Error[] = [];
    app.on("error", (error) => errors.push(error));
    app.keys = [SECRET];
    app.use(koaSession({ ...options, cookie: { maxBytes: 1000 } } as never));
    app.use((ctx) => {
      const length = Number(ctx.query.length);
      if (length > 0) Object.assign(getSession(ctx).data, { essay: "x".repeat(length) });
      ctx.body = String(ctx.session.essay?.length ?? 0);
    });
    const browser = new Browser(serveNode(app.callback()));
    expect((await browser.visit("/?length=300")).status).toBe(200);
    expect((await browser.visit("/?length=1000")).status).toBe(500);
    expect(errors).toEqual([expect.objectContaining({ code: "ERR_COOKIE_TOO_LARGE" })]);
    expect(errors[0]?.message).toContain("and cookie.maxBytes is 1000; ");
    expect(await (await browser.visit("/")).text()).toBe("300");
  });
});
