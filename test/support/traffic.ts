/** Visitors who ask again and again while a database crashes, falls silent or is slow, and what came of it. */
import { expect } from "vitest";
import { createSessions, type Session, StoreError } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { Browser, type Serve } from "./browser.ts";
import { SECRET } from "./secrets.ts";

type Data = Record<string, number>;

/** An application whose requests do what the test says; a store that fails is answered as Koa and Hono answer it. */
export function application(
  store: DefinedStore,
  act: (session: Session<Data>) => unknown,
): { serve: Serve; faults: StoreError[] } {
  const sessions = createSessions<Data>({ secrets: SECRET, store });
  const faults: StoreError[] = [];
  const handle = sessions.handler(async (_request, session) => {
    await act(session);
    return Response.json(session.data);
  });
  const serve = (request: Request) =>
    handle(request).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      faults.push(error);
      return error.getResponse();
    });
  return { serve, faults };
}

/** A visitor, each of whose requests sets a key of its own and adds one to a count. */
class Visitor {
  tried = 0;
  readonly acknowledged: number[] = [];
  failures = 0;
  readonly browser: Browser;

  constructor(store: DefinedStore) {
    const { serve } = application(store, async (session) => {
      session.data[`change${this.tried}`] = this.tried;
      await session.update((data) => (data.count = (data.count ?? 0) + 1));
    });
    this.browser = new Browser(serve);
  }

  async ask(): Promise<void> {
    this.tried++;
    const cookies = this.browser.cookieHeader();
    const response = await this.browser.visit("/");
    if (response.ok) {
      this.acknowledged.push(this.tried);
      return;
    }
    this.failures++;
    expect([response.status, response.headers.getSetCookie()]).toEqual([503, []]);
    expect(this.browser.cookieHeader()).toBe(cookies);
    // As a person does who sees an error page.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async askUntil(done: () => boolean): Promise<void> {
    while (!done()) await this.ask();
  }
}

/** What is in the store of a visitor's session. */
async function stored(browser: Browser, store: DefinedStore): Promise<Data> {
  const reader = new Browser(application(store, () => {}).serve);
  for (const [name, held] of browser.cookies) reader.cookies.set(name, held);
  return (await reader.visit("/")).json();
}

/**
 * Eight visitors ask while a server is killed and started again.
 *
 * @returns them, five acknowledged requests after it was back
 */
export async function crashUnderTraffic(
  store: DefinedStore,
  server: { kill(): Promise<void>; start(): Promise<void> },
): Promise<Visitor[]> {
  const visitors = Array.from({ length: 8 }, () => new Visitor(store));
  await Promise.all(visitors.map((visitor) => visitor.ask()));
  let restarted = false;
  const traffic = visitors.map(async (visitor) => {
    await visitor.askUntil(() => restarted);
    const { length } = visitor.acknowledged;
    await visitor.askUntil(() => visitor.acknowledged.length >= length + 5);
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await server.kill();
  await expect.poll(() => visitors.every(({ failures }) => failures > 0), { timeout: 20_000 }).toBe(true);
  await server.start();
  restarted = true;
  await Promise.all(traffic);
  return visitors;
}

/** Fails unless all that visitors were told is in the store. `exact`: and no request was carried out twice. */
export async function expectAllKept(visitors: readonly Visitor[], store: DefinedStore, exact: boolean): Promise<void> {
  for (const { browser, acknowledged, tried } of visitors) {
    const { count = 0, ...changes } = await stored(browser, store);
    const found = Object.values(changes);
    expect(acknowledged.filter((change) => !found.includes(change))).toEqual([]);
    expect(count).toBeGreaterThanOrEqual(acknowledged.length);
    if (exact) expect(count).toBeLessThanOrEqual(tried);
  }
}
