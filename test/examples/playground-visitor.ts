/** A visitor of one place of the playground, and what stands in its pages. */
import { expect } from "vitest";
import { Browser, type Serve } from "../support/browser.ts";
import { Device } from "../support/device.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0";
/** A browser that visits one place. */
export class Visitor {
  readonly browser: Browser;
  readonly path: string;
  readonly userAgent: string;

  constructor(serve: Serve, path: string, userAgent = FIREFOX) {
    this.browser = new Browser(serve);
    this.path = path;
    this.userAgent = userAgent;
  }

  ask(address: string, init: RequestInit = {}): Promise<Response> {
    const headers = { "User-Agent": this.userAgent, ...(init.headers as Record<string, string>) };
    return this.browser.ask(this.path + address, { redirect: "manual", ...init, headers });
  }

  async page(address = "/"): Promise<string> {
    const response = await this.ask(address);
    this.browser.receive(response);
    expect(response.status).toBe(200);
    return response.text();
  }

  form(address: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Response> {
    const body = new URLSearchParams(fields).toString();
    const type = { "Content-Type": "application/x-www-form-urlencoded", Origin: "https://app.example.com" };
    return this.ask(address, { method: "POST", body, headers: { ...type, ...headers } });
  }

  /** Sends a form and reads the page after it. */
  async does(address: string, fields: Record<string, string> = {}): Promise<string> {
    const response = await this.form(address, fields);
    this.browser.receive(response);
    expect(response.status).toBe(303);
    expect(response.headers.get("Location")).toBe(`${this.path}/`);
    return this.page();
  }
}

/** The things in the cart. */
export function items(page: string): string[] {
  return [...page.matchAll(/<li>\s*<span>(.*?)<\/span>/g)].map(([, item]) => item as string);
}

/** The page of the user's sessions, of a visitor's place. */
export function sessionsOf({ browser, path }: Visitor): Device {
  return new Device(browser, `${path}/sessions`);
}

/** The calls of the store, for each report on the page. */
export function calls(page: string): string[][] {
  const lists = [...page.matchAll(/<ul class="said">(.*?)<\/ul>/gs)].map(([, list]) => list as string);
  return lists.map((list) => [...list.matchAll(/data-call="(\w+)"/g)].map(([, name]) => name as string));
}
