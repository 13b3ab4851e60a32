/** A window on a place of the playground, and what stands in it. Files run side by side, so each logs in with names of its own. */
import type { BrowserContext, Page } from "playwright-core";

const SCREENSHOTS = ".screenshots";

export class Window {
  readonly page: Page;
  readonly address: string;

  private constructor(page: Page, address: string) {
    this.page = page;
    this.address = address;
  }

  /** Opens an address in a new window of a context. */
  static async open(context: BrowserContext, address: string): Promise<Window> {
    const window = new Window(await context.newPage(), address);
    await window.page.goto(address);
    return window;
  }

  async logIn(name: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(name);
    await this.press("Log in");
  }

  async add(item: string): Promise<void> {
    await this.page.getByLabel("Something to buy").fill(item);
    await this.press("Add");
  }

  /** Presses a button, and waits for the page after it. */
  async press(name: string | RegExp): Promise<void> {
    const exact = typeof name === "string";
    const loaded = this.page.waitForEvent("load");
    await this.page.getByRole("button", { name, exact }).first().click();
    await loaded;
  }

  async openSessions(): Promise<void> {
    await this.page.goto(`${this.address}sessions`);
  }

  async reload(): Promise<void> {
    await this.page.goto(this.address);
  }

  /** Who the page says is logged in. */
  async user(): Promise<string | undefined> {
    const text = await this.page.getByRole("region", { name: "You" }).locator("p").first().innerText();
    return /You are (.+?)\. You have/.exec(text)?.[1]?.replace("not logged in", "") || undefined;
  }

  /** The message of the last form. */
  notice(): Promise<string> {
    return this.page.getByRole("status").innerText();
  }

  items(): Promise<string[]> {
    return this.page.getByRole("region", { name: "Cart" }).locator("li > span").allInnerTexts();
  }

  /** The browsers in the list of sessions, this one with a star: a page of its own. */
  async devices(): Promise<string[]> {
    await this.openSessions();
    const rows = await this.page.getByRole("region", { name: "Your sessions" }).locator("li").all();
    const names = rows.map(async (row) => {
      const current = (await row.getAttribute("aria-current")) === "true";
      return (await row.locator("strong").innerText()) + (current ? "*" : "");
    });
    return Promise.all(names);
  }

  /** For people to look at. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true });
  }
}
