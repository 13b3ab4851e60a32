/** Section F of docs/security.md, and two rows that go with it: requests that other websites start, and what a logout clears. */
import { expect, it } from "vitest";
import { csrf } from "../../src/csrf/fetch.ts";
import { type SchemaOptions, schema } from "../../src/features/schema.ts";
import { watch } from "../../src/features/watch.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";

const URL_HERE = "https://app.example.com/login";
const post = (headers: Record<string, string>) => new Request(URL_HERE, { method: "POST", headers });

it("F1 an unsafe request of another site is refused, by Sec-Fetch-Site and else by Origin", () => {
  const { check } = csrf();
  for (const site of ["cross-site", "same-site", "anything"]) expect(check(post({ "Sec-Fetch-Site": site }))?.status).toBe(403);
  for (const site of ["same-origin", "none"]) expect(check(post({ "Sec-Fetch-Site": site }))).toBe(null);
  for (const Origin of ["https://evil.example", "null", "https://app.example.com:8443"])
    expect(check(post({ Origin }))?.status).toBe(403);
  expect(check(post({ Origin: "https://app.example.com" }))).toBe(null);
  expect(check(post({}))).toBe(null);
});

it("F2 trusted origins are exact, and a wrong one is refused at creation", () => {
  const { check } = csrf({ trustedOrigins: ["https://admin.example.com"] });
  const from = (Origin: string) => check(post({ Origin, "Sec-Fetch-Site": "cross-site" }))?.status;
  expect(from("https://admin.example.com")).toBe(undefined);
  for (const origin of ["https://admin.example.com.evil.example", "http://admin.example.com", "https://x.admin.example.com"])
    expect(from(origin)).toBe(403);
  for (const origin of ["https://a.example/", "https://a.example/path", "null", "a.example", "https://*.a.example", ""])
    expect(() => csrf({ trustedOrigins: [origin] })).toThrow("origin");
});

it("F3 a login that another site sends is refused before it is answered", async () => {
  const app = makeApp();
  const protect = csrf();
  const serve = (request: Request) =>
    protect(request, () =>
      app.sessions.handler((_request, session) => {
        session.login("mallory");
        return new Response();
      })(request),
    );
  const refused = await serve(post({ "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" }));
  expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
  expect((await serve(post({ "Sec-Fetch-Site": "same-origin" }))).headers.getSetCookie()).toHaveLength(1);
});

it("F5 a refused request says what the answer depends on", () => {
  expect(
    csrf()
      .check(post({ "Sec-Fetch-Site": "cross-site" }))
      ?.headers.get("Vary"),
  ).toBe("Sec-Fetch-Site, Origin");
});

it("F6 a WebSocket handshake of another site is refused before the session is looked at", async () => {
  const app = makeApp({ store: withMethods(memory(), { watch: async () => new Response("opened") }) });
  await app.does((session) => session.login("alice"));
  const ask = (Origin: string) =>
    watch(app.sessions, new Request(URL_HERE, { headers: { Upgrade: "websocket", Origin, Cookie: app.browser.cookieHeader() } }));
  app.events.length = 0;
  expect((await ask("https://evil.example")).status).toBe(403);
  expect(app.events).toEqual([]);
  expect(await (await ask("https://app.example.com")).text()).toBe("opened");
});

it("B15 a logout can clear what else the site keeps, by a list of quoted words", async () => {
  const app = makeApp();
  await app.does((session) => session.login("alice"));
  const response = await app.answers((session) => session.logout({ clearSiteData: ["cache", "cookies", "storage"] }));
  expect(response.headers.get("Clear-Site-Data")).toBe('"cache", "cookies", "storage"');
});

it("E5 data of another shape is migrated, or there is no session", async () => {
  const isNumber = (value: unknown) => typeof (value as { views: unknown }).views === "number";
  const validate = (value: unknown) => (isNumber(value) ? { value: value as object } : { issues: [{ message: "no number" }] });
  const standard = { "~standard": { version: 1, vendor: "test", validate } } as const;
  const store = memory();
  const old = makeApp({ store });
  await old.does((session) => Object.assign(session.data, { views: "3" }));
  const Cookie = old.browser.cookieHeader();
  const seen = async (options: SchemaOptions) => {
    const { answers } = makeApp({ store, schema: schema(standard, options) });
    let data: unknown;
    await answers((session) => (data = { ...session.data }), { Cookie });
    return data;
  };
  expect(await seen({})).toEqual({});
  expect(await seen({ migrate: ({ views }) => ({ views: Number(views) }) })).toEqual({ views: 3 });
});
