/** A browser that looks at the page of its user's sessions, and what stands in it. */
import { expect } from "vitest";
import type { Browser } from "./browser.ts";

export const PAGE = "/account/sessions";

export interface Row {
  readonly device: string;
  readonly current: boolean;
  /** Epoch seconds. */
  readonly times: readonly number[];
}

export class Device {
  readonly browser: Browser;
  /** Where the page is. */
  readonly path: string;

  constructor(browser: Browser, path = PAGE) {
    this.browser = browser;
    this.path = path;
  }

  async logIn(user: string, device: string): Promise<void> {
    const query = new URLSearchParams({ user, device });
    await this.browser.visit(`/login?${query}`, { method: "POST" });
    expect(await this.who()).toBe(user);
  }

  async newId(): Promise<void> {
    await this.browser.visit("/new-id", { method: "POST" });
  }

  async who(): Promise<string> {
    return (await this.session()).user;
  }

  async session(): Promise<{ user: string; id: string }> {
    return (await (await this.browser.visit("/who")).json()) as { user: string; id: string };
  }

  ask(query: string, init: RequestInit = {}): Promise<Response> {
    return this.browser.ask(this.path + query, { redirect: "manual", ...init });
  }

  async page(): Promise<string> {
    const response = await this.ask("");
    this.browser.receive(response);
    expect(response.status).toBe(200);
    return response.text();
  }

  /** Sends a form of the page, and reads the page after it. */
  async posts(which: string): Promise<string> {
    const response = await this.ask(`?end=${encodeURIComponent(which)}`, { method: "POST" });
    this.browser.receive(response);
    expect(response.status).toBe(303);
    const to = new URL(response.headers.get("Location") as string, `https://app.example.com${this.path}`);
    expect([to.origin + to.pathname, to.search]).toEqual([`https://app.example.com${this.path}`, ""]);
    return this.page();
  }

  /** Ends the session of a device, or "others". */
  async ends(device: string): Promise<string> {
    return this.posts(device === "others" ? device : await this.handleOf(device));
  }

  async handleOf(device: string): Promise<string> {
    const row = (await this.#rows()).find((html) => deviceIn(html) === device) ?? "";
    return /action="\?end=([\w-]+)"/.exec(row)?.[1] ?? `no handle for ${device}`;
  }

  async rows(): Promise<Row[]> {
    return (await this.#rows()).map((html) => ({
      device: deviceIn(html),
      current: html.startsWith('<li aria-current="true"'),
      times: [...html.matchAll(/datetime="([^"]+)"/g)].map(([, time]) => Date.parse(time as string) / 1000),
    }));
  }

  async devices(): Promise<string[]> {
    return (await this.rows()).map(({ device }) => device);
  }

  async #rows(): Promise<string[]> {
    return [...(await this.page()).matchAll(/<li[ >].+?<\/li>/g)].map(([html]) => html);
  }
}

function deviceIn(html: string): string {
  const text = /<bdi>(.*?)<\/bdi>/.exec(html)?.[1] ?? "";
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
