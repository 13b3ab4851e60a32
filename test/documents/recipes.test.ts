/** The programs of docs/recipes.md do what the page says: each is written to a file as it stands there, started, and visited. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { SessionHandler } from "../../src/index.ts";
import { Browser } from "../support/browser.ts";
import { startRedis } from "../support/redis-server.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";
import { newFolder, page, programs } from "./recipe-programs.ts";

const DAY = 24 * 3600;
const HOME = "https://app.example.com";
const tried = new Set<string>();

let folder = "";
let server: Server | undefined;
beforeAll(() => void execFileSync("node", ["scripts/build.mjs", "--if-needed"]));
beforeEach(() => {
  folder = newFolder();
  vi.stubEnv("SESSION_SECRET", SECRET);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

function written(name: string): string {
  tried.add(name);
  const file = join(folder, name);
  writeFileSync(file, programs.get(name) ?? "");
  return file;
}

type Handler = SessionHandler<{ views: number }, []>;
const count: Handler = (_request, session) => {
  session.data.views = (session.data.views ?? 0) + 1;
  return new Response(`${session.data.views} views\n`);
};
const login: Handler = (request, session) => {
  if (new URL(request.url).pathname === "/login") session.login("ada");
  return new Response(session.subject ?? "visitor");
};

/**
 * A function that opens browsers on the program, which runs in this process: the test moves its clock. A program that is only its
 * `sessions` gets a handler.
 */
async function imported(name: string, handler?: Handler): Promise<() => Browser> {
  const program = await import(pathToFileURL(resolve(written(name))).href);
  const app = handler === undefined ? program.default : { fetch: program.sessions.handler(handler) };
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  const now = () => Date.now() / 1000;
  return () => new Browser((request) => app.fetch(request), { now } as never);
}

/** The same on a process of its own, which has its files in the test's folder. */
async function started(name: string, env: Record<string, string> = {}): Promise<() => Browser> {
  written(name);
  const serve = (port: number) => ["srvx", "--host", "127.0.0.1", "--port", String(port), name];
  const running = await startServer(serve, { SESSION_SECRET: SECRET, ...env }, folder);
  server = running;
  return () => new Browser(running.serve);
}

/** A form of the page itself, where `startServer` says from where. */
const send = { method: "POST" };
const post = { method: "POST", headers: { Origin: HOME } };
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const said = async (browser: Browser, path = "/", init: RequestInit = {}) => (await browser.visit(path, init)).text();
const form = (fields: Record<string, string>) => ({ ...post, body: new URLSearchParams(fields) });
const lines = async (answer: Promise<Response>) => (await answer).headers.getSetCookie().join("\n");

it("stay logged in for 30 days: after 29 days without a visit, again and again, but not after 30, nor after a year", async () => {
  const open = await imported("thirty-days.ts", login);
  const browser = open();
  expect(await lines(browser.visit("/login", post))).toContain(`Max-Age=${30 * DAY}`);
  for (let visits = 0; visits < 12; visits++) {
    pass(29 * DAY);
    expect(await said(browser)).toBe("ada");
  }
  pass(29 * DAY);
  expect(await said(browser)).toBe("visitor");
  await browser.visit("/login", post);
  pass(30 * DAY);
  expect(await said(browser)).toBe("visitor");
});

it("remember me: 60 days where it is ticked, else an hour and until the browser closes", async () => {
  const open = await imported("remember-me.ts");
  const [kept, brief] = [open(), open()];
  expect(await lines(kept.visit("/login", form({ name: "ada", remember: "on" })))).toContain(`Max-Age=${365 * DAY}`);
  expect(await lines(brief.visit("/login", form({ name: "eve" })))).not.toContain("Max-Age");
  expect([await said(kept), await said(brief)]).toEqual(["ada", "eve"]);
  pass(3600);
  expect([await said(kept), await said(brief)]).toEqual(["ada", "visitor"]);
  pass(59 * DAY);
  expect(await said(kept)).toBe("ada");
  const nobody = open();
  expect([(await nobody.visit("/login", form({}))).status, await said(nobody)]).toEqual([400, "visitor"]);
});

it("log out everywhere ends all sessions, and a new password ends all others", async () => {
  const open = await imported("log-out-everywhere.ts");
  const [here, there] = [open(), open()];
  for (const browser of [here, there]) await browser.visit("/login", post);
  const before = here.copy();
  await here.visit("/password", post);
  expect([await said(here), await said(there), await said(before)]).toEqual(["ada", "visitor", "visitor"]);
  await there.visit("/login", post);
  await there.visit("/log-out-everywhere", post);
  expect([await said(here), await said(there)]).toEqual(["visitor", "visitor"]);
  await here.visit("/login", post);
  pass(301);
  expect((await here.visit("/password", post)).status).toBe(401);
  expect((await here.visit("/log-out-everywhere", { method: "POST", headers: { Origin: "https://evil.example" } })).status).toBe(
    403,
  );
});

it("subdomains: the cookie goes to all of them, and only the trusted ones may send forms", async () => {
  const open = await imported("subdomains.ts");
  const browser = open();
  expect(await lines(browser.visit("/login", post))).toMatch(
    /^__Secure-session-user=\S+; Max-Age=86400; Path=\/; Domain=example\.com; /,
  );
  expect(await said(browser)).toBe("ada");
  const from = async (Origin: string) => (await browser.visit("/login", { method: "POST", headers: { Origin } })).status;
  expect([await from("https://shop.example.com"), await from("https://other.example.com")]).toEqual([303, 403]);
});

it("in an iframe: the cookie may be sent there, one for each site around it", async () => {
  const open = await imported("iframe.ts", count);
  const browser = open();
  expect(await lines(browser.visit("/"))).toMatch(/^__Host-Http-session=.+; SameSite=None; Partitioned$/);
  expect(await said(browser)).toBe("2 views\n");
});

it("http on a local network: PLAIN_HTTP=1 sets a cookie that browsers keep there, and nothing else does", async () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.stubEnv("PLAIN_HTTP", "1");
  const plain = (await imported("local-network.ts", count))();
  expect(await lines(plain.visit("/"))).toMatch(/^session=(?!.*Secure)/);
  expect(await said(plain)).toBe("2 views\n");
  vi.stubEnv("PLAIN_HTTP", "");
  rmSync(folder, { recursive: true });
  folder = newFolder();
  expect(await lines((await imported("local-network.ts", count))().visit("/"))).toMatch(/^__Host-Http-session=.*Secure/);
  warned.mockRestore();
});

it("when Redis is down: users get 503 and keep their session, visitors notice nothing, and it goes on by itself", async () => {
  const database = await startRedis(["--save", "", "--appendonly", "yes"]);
  try {
    const open = await started("redis-is-down.ts", { REDIS_URL: database.url });
    const [user, visitor] = [open(), open()];
    await user.visit("/login", send);
    expect(await said(user)).toBe("ada\n");
    await database.kill();
    const answer = await user.visit("/");
    expect([answer.status, answer.headers.get("Retry-After"), answer.headers.getSetCookie()]).toEqual([503, "60", []]);
    expect(await said(visitor)).toBe("visitor\n");
    await database.start();
    await vi.waitFor(async () => expect(await said(user)).toBe("ada\n"), { timeout: 20_000, interval: 200 });
  } finally {
    await database.stop();
  }
});

it("the admin page shows who is logged in, and logs them out; nobody else may look", async () => {
  const open = await started("admin.ts");
  const [ada, eve, grace] = [open(), open(), open()];
  await ada.visit("/login/ada", send);
  await eve.visit("/login/eve", send);
  await open().visit("/login/eve", send);
  await grace.visit("/login/grace", send);
  expect((await eve.visit("/admin/users")).status).toBe(403);
  const users = (await (await grace.visit("/admin/users")).json()) as { subject: string; sessions: number }[];
  expect(Object.fromEntries(users.map(({ subject, sessions }) => [subject, sessions]))).toEqual({ ada: 1, eve: 2, grace: 1 });
  expect(await said(grace, "/admin/log-out/eve", send)).toBe("2 ended\n");
  expect(await (await grace.visit("/admin/users")).json()).toHaveLength(2);
});

it("GDPR: users get what is kept of them, and after the erasure no row of theirs is left", async () => {
  const open = await started("gdpr.ts");
  const [phone, laptop, eve] = [open(), open(), open()];
  const headers = { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
  for (const browser of [phone, laptop]) await browser.visit("/login/ada", { ...send, headers });
  await eve.visit("/login/eve", send);
  await phone.visit("/cart/apricots", send);
  await eve.visit("/cart/blueberries", send);
  const exported = (await (await phone.visit("/my-data")).json()) as Record<string, unknown>[];
  const told = exported.map(({ data, current, meta }) => ({ data, current, meta })).sort((left) => (left.current ? -1 : 1));
  const meta = { device: "Firefox on Linux" };
  expect(told).toEqual([
    { data: { cart: ["apricots"] }, current: true, meta },
    { data: {}, current: false, meta },
  ]);
  expect(await said(phone, "/erase-me", send)).toBe("erased\n");
  expect([await said(laptop, "/my-data"), phone.cookieHeader()]).toEqual(["Log in first\n", ""]);
  const database = new DatabaseSync(join(folder, "sessions.db"));
  const rows = database.prepare("SELECT subject FROM web_sessions WHERE subject IS NOT NULL OR data <> '{}'").all();
  expect(rows).toEqual([{ subject: "eve" }]);
  // What the page says of SQLite's files, while the program has them open.
  const kept = () => ["sessions.db", "sessions.db-wal"].map((file) => readFileSync(join(folder, file), "latin1")).join("");
  expect(kept()).toContain("apricots");
  database.exec(/`(VACUUM;.+?)`/.exec(page)?.[1] ?? "");
  expect(kept()).not.toContain("apricots");
  expect(kept()).toContain("blueberries");
  database.close();
});

it("every program that a form is sent to refuses those of other websites", () => {
  const forms = [...programs].filter(([, code]) => /\.post\(|"POST/.test(code));
  expect(forms.length).toBeGreaterThan(5);
  for (const [name, code] of forms) expect(code, name).toMatch(/\.use\(csrf\(|protect\.check\(/);
});

it("every program of the page was tried", () => {
  // websockets.test.ts tries the other.
  expect([...tried, "sockets.ts"].sort()).toEqual([...programs.keys()].sort());
});
