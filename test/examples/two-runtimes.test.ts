/** examples/two-runtimes: a Koa application on Node and a Worker in workerd, with one session between them. */
import { afterEach, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { VISITOR_COOKIE } from "../support/cookie-names.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";

const FOLDER = "examples/two-runtimes";
const ENV = { SESSION_SECRET: SECRET, APP_KEY: OLD_SECRET };
const running: Server[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(command: (port: number) => string[]): Promise<Server> {
  const server = await startServer(command, { ...ENV, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" });
  running.push(server);
  return server;
}

const koa = (file: string) => start(() => ["node", `${FOLDER}/${file}`]);
const worker = () =>
  start((port) => [
    ...["wrangler", "dev", "-c", `${FOLDER}/wrangler.toml`, "--port", String(port), "--inspector-port", "0"],
    ...["--show-interactive-dev-session=false", "--var", `SESSION_SECRET:${SECRET}`, "--var", `APP_KEY:${OLD_SECRET}`],
  ]);

it.each([["node"], ["bun"], ["deno", "run", "--allow-all"]])(
  "the Koa application counts views in an encrypted cookie with %s",
  async (...program) => {
    const server = await start(() => [...program, `${FOLDER}/koa.ts`]);
    const browser = new Browser(server.serve);
    expect([await (await browser.visit("/")).text(), await (await browser.visit("/")).text()]).toEqual([
      "Koa: 1 views\n",
      "Koa: 2 views\n",
    ]);
  },
);

it("a session of the old Koa application continues in the Worker and in Koa, and each sees what the other wrote", async () => {
  const [before, now, edge] = await Promise.all([koa("koa-before.ts"), koa("koa.ts"), worker()]);
  let server = before;
  const browser = new Browser((request) => server.serve(request));
  const visit = async (there: Server) => {
    server = there;
    return [await (await browser.visit("/")).text(), [...browser.cookies.keys()].join()];
  };
  expect(await visit(before)).toEqual(["Old Koa: 1 views\n", "koa:sess,koa:sess.sig"]);
  expect(await visit(before)).toEqual(["Old Koa: 2 views\n", "koa:sess,koa:sess.sig"]);
  expect(await visit(edge)).toEqual(["Worker: 3 views\n", VISITOR_COOKIE]);
  expect(await visit(now)).toEqual(["Koa: 4 views\n", VISITOR_COOKIE]);
  expect(await visit(edge)).toEqual(["Worker: 5 views\n", VISITOR_COOKIE]);

  // The other way: what the Worker began goes on in Koa; and an old cookie is read by Koa too.
  const other = new Browser((request) => server.serve(request));
  server = edge;
  await other.visit("/");
  server = now;
  expect(await (await other.visit("/")).text()).toBe("Koa: 2 views\n");
  const third = new Browser((request) => server.serve(request));
  server = before;
  await third.visit("/");
  server = now;
  expect(await (await third.visit("/")).text()).toBe("Koa: 2 views\n");
});
