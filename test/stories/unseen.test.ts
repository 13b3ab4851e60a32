/** Requests whose answers nobody may see take no flash value; and what a browser drops at a logout. */
import { describe, expect, it } from "vitest";
import { makeApp } from "../support/app.ts";

describe("takeFlash()", () => {
  it.each<[string, RequestInit]>([
    ["HEAD", { method: "HEAD" }],
    ["a prefetch", { headers: { "Sec-Purpose": "prefetch" } }],
    ["a prerender", { headers: { "Sec-Purpose": "prefetch;prerender" } }],
  ])("in %s shows the value, and leaves it for the next request", async (_what, init) => {
    const { sessions, browser, does } = makeApp();
    await does((session) => session.flash("notice", "Saved"));
    const request = new Request("https://app.example.com", {
      ...init,
      headers: { ...init.headers, Cookie: browser.cookieHeader() },
    });
    const session = await sessions.load(request);
    expect(session.takeFlash("notice")).toBe("Saved");
    browser.receive(await sessions.apply(session, new Response()));
    expect(await does((visitor) => [visitor.takeFlash("notice"), visitor.takeFlash("notice")])).toEqual(["Saved", undefined]);
    expect(await does((visitor) => visitor.takeFlash("notice"))).toBe(undefined);
  });
});

describe("destroy({ clearSiteData })", () => {
  it("asks the browser to drop what is named, and nothing without it", async () => {
    const { answers, does } = makeApp();
    await does((session) => session.login("alice"));
    const plain = await answers((session) => session.logout());
    expect(plain.headers.has("Clear-Site-Data")).toBe(false);
    const response = await answers((session) => session.logout({ clearSiteData: ["cache", "storage"] }));
    expect(response.headers.get("Clear-Site-Data")).toBe('"cache", "storage"');
  });

  it("refuses what no browser knows", async () => {
    const { does } = makeApp();
    await does((session) => expect(() => session.destroy({ clearSiteData: ["all" as never] })).toThrow("it is one of cache"));
  });
});
