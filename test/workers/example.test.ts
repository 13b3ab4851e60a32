/** The example Worker inside workerd, as `npm start` serves it. */
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";

const newBrowser = () => new Browser((request) => exports.default.fetch(request));
const form = (fields: Record<string, string>): RequestInit => ({
  method: "POST",
  body: new URLSearchParams(fields).toString(),
  headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: "https://app.example.com" },
  redirect: "manual",
});
const text = async (response: Promise<Response>) => (await response).text();

describe("the example Worker", () => {
  it("counts a visitor's views", async () => {
    const browser = newBrowser();
    await browser.visit("/");
    expect(await text(browser.visit("/"))).toContain("<strong>2</strong> times");
    expect(await text(newBrowser().visit("/"))).toContain("<strong>1</strong> time");
  });

  it("logs in and out, and says so once", async () => {
    const browser = newBrowser();
    await browser.visit("/");
    expect((await browser.visit("/login", form({ name: "Zoë <b>" }))).status).toBe(303);
    const page = await text(browser.visit("/"));
    expect(page).toContain("Welcome, Zoë &lt;b&gt;!");
    expect(page).toContain("<strong>2</strong> times");
    expect(await text(browser.visit("/"))).not.toContain("Welcome");
    await browser.visit("/logout", form({}));
    const after = await text(browser.visit("/"));
    expect(after).toContain("You are logged out.");
    expect(after).toContain("<strong>1</strong> time");
  });

  it("refuses a form that another site posts", async () => {
    const foreign = form({ name: "mallory" });
    const headers = { ...(foreign.headers as Record<string, string>), Origin: "https://evil.example" };
    expect((await newBrowser().visit("/login", { ...foreign, headers })).status).toBe(403);
  });
});
