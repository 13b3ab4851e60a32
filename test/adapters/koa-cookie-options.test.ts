/** Cookie options in Koa's compatible mode: in every spelling what koa-session-store 2.0.0 sends, or an error that is true. */
import Koa from "koa";
import convert from "koa-convert";
import oldSession from "koa-session-store";
import Koa2 from "koa2";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { session } from "../../src/adapters/koa/index.ts";
import { OptionError } from "../../src/index.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";

// Both take the time from Date, which stands still.
const NOW = Date.UTC(2026, 5, 1);
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(closeServers);

type CookieOptions = Record<string, unknown>;
const LATER = new Date(NOW + 86_400_000);

/** The Set-Cookie lines of a new session, but for its id, times and signature; null when the answer is an error. */
async function linesOf(use: (app: Koa) => void, { https }: { https: boolean }): Promise<string[] | null> {
  const app = new (Koa2 as unknown as typeof Koa)();
  app.silent = true;
  app.keys = [SECRET];
  app.proxy = true;
  use(app);
  app.use((ctx) => {
    ctx.session.a = 1;
    ctx.body = "done";
  });
  const headers = { "X-Forwarded-Proto": https ? "https" : "http" };
  const response = await serveNode(app.callback())(new Request("http://127.0.0.1/shop/cart", { headers }));
  if (response.status !== 200) return null;
  return response.headers
    .getSetCookie()
    .map((line) =>
      line.replace(/"_sid":"[\w-]+"(,"_start":\d+,"_exp":\d+)?/, '"_sid":"id"').replace(/\.sig=[\w-]+/, ".sig=signature"),
    );
}

/** What 2.0.0 sends. Cookies without the option sameSite are Lax here, as the pages on migrating say. */
async function oldLines(cookie: CookieOptions, how: { https: boolean }): Promise<string[] | null> {
  const lines = await linesOf((app) => app.use(convert(oldSession({ cookie: { ...cookie } }))), how);
  if (cookie.sameSite !== undefined || lines === null) return lines;
  return lines.map((line) => line.replace(/(; secure)?(; httponly)?(; partitioned)?$/, "; samesite=lax$&"));
}

const newLines = (cookie: CookieOptions, how: { https: boolean }) =>
  linesOf((app) => app.use(session({ cookie, onEvent: () => {} } as never) as never), how);

const show = (cookie: CookieOptions) =>
  JSON.stringify(cookie, (_, value) =>
    value === undefined ? "undefined" : typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );

const SAME: CookieOptions[] = [
  {},
  ...["lax", "Lax", "STRICT", "None", true, false, null, "", 0].map((sameSite) => ({ sameSite })),
  ...["low", "High", "MEDIUM", null, "", false].map((priority) => ({ priority })),
  ...[60_000, 3_600_000, 600 * 86_400_000, null, 0, "", false, undefined].map((maxAge) => ({ maxAge })),
  ...[LATER, null, 0, "", false, undefined].map((expires) => ({ expires })),
  ...[null, 0, 60_000].map((maxAge) => ({ maxAge, expires: LATER })),
  { maxAge: 60_000, expires: new Date(0) },
  ...["example.com", ".example.com", "", null, false, undefined].map((domain) => ({ domain })),
  ...["/", "/shop", "shop", "/a b", "", null, false, undefined].map((path) => ({ path })),
  ...[true, false, null, 0, 1, ""].map((httpOnly) => ({ httpOnly })),
  ...[false, null, 0, "", undefined].map((secure) => ({ secure })),
  ...[true, false, null, 0, "", undefined].map((signed) => ({ signed })),
  ...[true, false, null].map((overwrite) => ({ overwrite })),
  ...[true, 1, false, null].map((partitioned) => ({ partitioned })),
  { sameSite: "None", partitioned: true, priority: "High", path: "/shop", domain: "example.com", maxAge: 60_000 },
];

/** What is refused at creation, with the sentence; and what 2.0.0 does: it fails each request, or browsers drop what it sends. */
const REFUSED: [CookieOptions, string, "fails" | "is dropped" | "is read otherwise"][] = [
  ...["lacks", 1, {}].map((sameSite): (typeof REFUSED)[number] => [
    { sameSite },
    `Cannot use cookie sameSite ${typeof sameSite === "object" ? "object" : JSON.stringify(sameSite)}: it must be "lax", "strict", "none", true or false`,
    "fails",
  ]),
  ...["urgent", true, 1].map((priority): (typeof REFUSED)[number] => [
    { priority },
    `Cannot use cookie priority ${JSON.stringify(priority)}: it must be "low", "medium" or "high"`,
    "fails",
  ]),
  ...["session", "60000", Number.NaN, Number.POSITIVE_INFINITY, -1, 1e20].map((maxAge): (typeof REFUSED)[number] => [
    { maxAge },
    `Cannot use cookie maxAge ${typeof maxAge === "string" ? JSON.stringify(maxAge) : maxAge}: it must be milliseconds, more than 0 and at most 100 years, or left out to end with the browser`,
    maxAge === -1 ? "is dropped" : maxAge === 1e20 ? "is read otherwise" : "fails",
  ]),
  ...["2030-01-01", 1_900_000_000_000].map((expires): (typeof REFUSED)[number] => [
    { expires },
    `Cannot use cookie expires ${JSON.stringify(expires)}: it must be a Date`,
    "fails",
  ]),
  [
    { expires: new Date(NOW - 1000) },
    'Cannot use cookie expires "2026-05-31T23:59:59.000Z": it is in the past. Use maxAge',
    "is dropped",
  ],
  [{ expires: new Date(Number.NaN) }, "Cannot use cookie expires null: it must be a Date", "is read otherwise"],
  ...["https://example.com", "example.com:80", "-example.com", "my_app.example.com", true].map(
    (domain): (typeof REFUSED)[number] => [
      { domain },
      `Cannot use cookie domain ${JSON.stringify(domain)}: it must be a host name alone, like example.com`,
      domain === true ? "is read otherwise" : "fails",
    ],
  ),
  ...["/;", "/<", "/\u00e4"].map((path): (typeof REFUSED)[number] => [
    { path },
    `Cannot use cookie path ${JSON.stringify(path)}: it must be ASCII text without ";" and "<"`,
    "fails",
  ]),
  [{ path: 5 }, 'Cannot use cookie path 5: it must be ASCII text without ";" and "<"', "is read otherwise"],
  ...["auto", "false"].map((secure): (typeof REFUSED)[number] => [
    { secure },
    `Cannot use cookie secure "${secure}": it must be true or false, or left out to follow ctx.secure`,
    "is read otherwise",
  ]),
  [{ maxage: 60_000 }, 'Cannot use cookie option "maxage": use maxAge', "is read otherwise"],
  [{ secureProxy: true }, 'Cannot use cookie option "secureProxy": use secure', "is read otherwise"],
  [{ name: "other" }, 'Cannot use cookie option "name": put it beside cookie', "is read otherwise"],
];

describe("is the same as of koa-session-store 2.0.0", () => {
  for (const https of [false, true]) {
    it.each(SAME.map((cookie) => [show(cookie), cookie] as const))(
      `with %s, over ${https ? "https" : "http"}`,
      async (_, cookie) => {
        const old = await oldLines(cookie, { https });
        expect(old).not.toBeNull();
        expect(await newLines(cookie, { https })).toEqual(old);
      },
    );
  }

  it.each([
    ["secure", true],
    ["secure", 1],
  ])("with { %s: %s } over https", async (name, value) => {
    expect(await newLines({ [name]: value }, { https: true })).toEqual(await oldLines({ [name]: value }, { https: true }));
  });

  it("with options that are null, and a name that is empty", async () => {
    for (const options of [{ cookie: null }, { name: "" }, { name: null }, { store: null }] as object[]) {
      const old = await linesOf((app) => app.use(convert(oldSession({ ...options }))), { https: false });
      const lines = await linesOf((app) => app.use(session(options as never) as never), { https: false });
      expect(lines).toEqual(old?.map((line) => line.replace("; httponly", "; samesite=lax; httponly")));
    }
  });
});

describe("is refused at creation", () => {
  it.each(REFUSED.map(([cookie, message, why]) => [show(cookie), message, cookie, why] as const))(
    "%s: %s",
    async (_, message, cookie, why) => {
      expect(() => session({ cookie } as never)).toThrow(new OptionError("ERR_OPTION", message));
      const old = await oldLines(cookie, { https: true });
      if (why === "fails") expect(old).toBeNull();
      else expect(old).not.toBeNull();
      const [, expires = ""] = /; expires=([^;]+)/.exec(old?.[0] ?? "") ?? [];
      if (why === "is dropped") expect(Date.parse(expires)).toBeLessThanOrEqual(NOW);
    },
  );

  it.each([
    ["a b", '"a b"'],
    ["a;b", '"a;b"'],
    ["a=b", '"a=b"'],
    ["a,b", '"a,b"'],
    ["é", '"é"'],
  ])("the name %s", (name, shown) => {
    expect(() => session({ name })).toThrow(
      new OptionError(
        "ERR_OPTION",
        `Cannot use cookie name ${shown}: it must be visible characters of ASCII without "=", ";" and ","`,
      ),
    );
  });

  it("cookie options that are no object", () => {
    for (const cookie of ["secure", 5, () => {}])
      expect(() => session({ cookie } as never)).toThrow(
        new OptionError("ERR_OPTION", "Cannot use option cookie: it must be an object"),
      );
  });
});

it("httpOnly: undefined is an option that is left out, and not, as it was, a cookie that scripts can read", async () => {
  const cookie = { httpOnly: undefined };
  expect(await newLines(cookie, { https: false })).toEqual(await oldLines({}, { https: false }));
  expect((await oldLines(cookie, { https: false }))?.join()).not.toContain("httponly");
});

it("a day in cookie.expires that is over by now is reported once, and the cookie goes out as it did", async () => {
  const events: object[] = [];
  const app = new Koa();
  app.keys = [SECRET];
  app.use(session({ cookie: { expires: LATER }, onEvent: (event) => event.type === "insecure" && events.push(event) }));
  app.use((ctx) => {
    ctx.session.a = 1;
    ctx.body = "done";
  });
  const serve = serveNode(app.callback());
  const visit = async () => (await serve(new Request("http://127.0.0.1/"))).headers.getSetCookie()[0];
  await visit();
  expect(events).toEqual([]);
  vi.setSystemTime(LATER);
  for (let count = 0; count < 2; count++) expect(await visit()).toContain(`; expires=${LATER.toUTCString()};`);
  expect(events).toEqual([{ type: "insecure", reason: "expires-past" }]);
});
