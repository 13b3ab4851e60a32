/** WebSockets on Bun, which answers a handshake itself: nothing that the handler answers reaches the browser any more. */
import { get } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { type Server, startServer } from "../support/server.ts";

let server: Server;
let origin = "";
beforeAll(async () => {
  server = await startServer((port) => {
    origin = `127.0.0.1:${port}`;
    return ["bun", "test/platforms/bun-server.ts"];
  });
});
afterAll(() => server.stop());

const report = async () =>
  (await server.serve(new Request("http://app/report"))).json() as Promise<{ errors: string[]; created: number }>;
beforeEach(report);

/** Opens a WebSocket with the browser's cookies; answers what it hears first. */
function open(path: string, browser?: Browser): Promise<string> {
  const headers = browser === undefined ? {} : { Cookie: browser.cookieHeader() };
  const socket = new WebSocket(`ws://${origin}${path}`, { headers } as never);
  return new Promise((resolve) => {
    socket.onmessage = ({ data }) => {
      resolve(data);
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(`closed ${code}`);
  });
}

describe.each(["hono", "fetch"])("a handshake by %s", (way) => {
  it("reads the session, of nobody and of somebody", async () => {
    expect(await open(`/${way}/read`)).toBe("open");
    expect(await report()).toMatchObject({ errors: [] });
  });

  it("cannot begin a session: it is an error, and nothing is stored", async () => {
    const { created } = await report();
    expect(await open(`/${way}/change`)).toBe("open");
    expect(await report()).toEqual({ errors: ["ERR_COOKIE_NOT_POSSIBLE"], created });
  });

  it("changes a session that is there", async () => {
    const browser = new Browser(server.serve);
    await browser.visit(`/${way}/page/change`);
    expect([...browser.cookies.keys()]).toHaveLength(1);
    expect(await open(`/${way}/change`, browser)).toBe("open");
    expect(await (await browser.visit(`/${way}-views`)).text()).toBe("2");
    expect(await report()).toMatchObject({ errors: [] });
  });
});

it("an answer without a body is no handshake, also to those who ask for one that the application does not give", async () => {
  const lines = await new Promise<string[] | undefined>((resolve, reject) => {
    const headers = { Connection: "Upgrade", Upgrade: "websocket" };
    get(`http://${origin}/hono/page/change`, { headers }, (response) => resolve(response.headers["set-cookie"])).on(
      "error",
      reject,
    );
  });
  expect(lines).toHaveLength(1);
  expect(await report()).toMatchObject({ errors: [] });
});
