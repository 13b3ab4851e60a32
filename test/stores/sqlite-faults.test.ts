/** What goes wrong with a SQLite file: locked, full, broken, deleted. No answer that was given is lost, and no restart is needed. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type SessionEvent, StoreError } from "../../src/index.ts";
import { type SqliteDatabase, type SqliteOptions, type SqliteStore, sqlite } from "../../src/stores/sql/sqlite.ts";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { startServer } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "sqlite-"));
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
afterAll(() => rmSync(folder, { recursive: true }));

type Data = Record<string, string | number>;

/** An application with its sessions in the file. */
function app(source: string | SqliteDatabase, options?: SqliteOptions) {
  const store: SqliteStore = sqlite(source, options);
  ends.push(() => store.close());
  const events: SessionEvent[] = [];
  const sessions = createSessions<Data>({ secrets: SECRET, store, onEvent: (event) => events.push(event) });
  const acts: ((session: Session<Data>) => unknown)[] = [];
  const serve = sessions.handler(async (request, session) => {
    await acts[Number(new URL(request.url).pathname.slice(1))]?.(session);
    return new Response();
  });
  const browser = new Browser(serve);
  const does = async <Result>(change: (session: Session<Data>) => Result, visitor = browser): Promise<Result> => {
    let result: Result | undefined;
    const count = acts.push((session) => {
      result = change(session);
    });
    await visitor.visit(`/${count - 1}`);
    return result as Result;
  };
  const set = (key: string, value: string | number = 1) =>
    does((session) => {
      session.data[key] = value;
    });
  return {
    browser,
    events,
    store,
    does,
    set,
    data: () => does(({ data }) => ({ ...data })),
    newBrowser: () => new Browser(serve),
  };
}

/** Another process that locks the file. `mode` is SQL that begins the lock. Resolves when it holds it; release by calling. */
async function lock(file: string, mode = "BEGIN EXCLUSIVE"): Promise<() => Promise<void>> {
  const script = `
    const { DatabaseSync } = require("node:sqlite");
    const database = new DatabaseSync(process.argv[1], { timeout: 5000 });
    database.exec(process.argv[2]);
    process.stdout.write("locked");
    process.stdin.on("data", () => { database.exec("ROLLBACK"); process.exit(); });`;
  const child: ChildProcess = spawn("node", ["-e", script, file, mode], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  ends.push(() => child.kill());
  await Promise.race([new Promise((resolve) => child.stdout?.once("data", resolve)), exited]);
  return async () => {
    child.stdin?.write("release");
    await exited;
  };
}

async function failure(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreError);
  return error as StoreError;
}

describe("a file that another process has locked", () => {
  it("lets requests read, and fails writes after busyTimeout with 503, retryable; no cookie changes", async () => {
    const file = newFile();
    const { browser, set, data } = app(file, { busyTimeout: 0.3 });
    await set("before");
    const cookies = new Map(browser.cookies);
    const release = await lock(file);
    expect(await data()).toEqual({ before: 1 });
    const began = performance.now();
    const error = await failure(set("lost"));
    expect(performance.now() - began).toBeGreaterThan(290);
    expect(error).toMatchObject({ status: 503, retryable: true, message: expect.stringContaining("SQLITE_BUSY") });
    expect(browser.cookies).toEqual(cookies);
    await release();
    await set("after");
    expect(await data()).toEqual({ before: 1, after: 1 });
  });

  it("is waited for without blocking the others, and then all go on", async () => {
    const file = newFile();
    const { set, data, does, newBrowser } = app(file);
    await set("before");
    const release = await lock(file);
    const visitors = Array.from({ length: 50 }, newBrowser);
    const waiting = visitors.map((visitor, index) =>
      does((session) => {
        session.data.own = index;
      }, visitor),
    );
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    expect(await data()).toEqual({ before: 1 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    clearInterval(timer);
    expect(longest).toBeLessThan(100);
    await release();
    await Promise.all(waiting);
    for (const [index, visitor] of visitors.entries()) expect(await does(({ data }) => data.own, visitor)).toBe(index);
  });

  it("is no reason to fail forever, also when it is locked at the start", async () => {
    const file = newFile();
    const release = await lock(file, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const { browser, set, data } = app(file, { busyTimeout: 0.1 });
    expect(await failure(set("lost"))).toMatchObject({ retryable: true });
    expect(browser.cookies.size).toBe(0);
    await release();
    await set("after");
    expect(await data()).toEqual({ after: 1 });
  });
});

describe("a disk that is full", () => {
  it("fails what does not fit, keeps everything answered, and goes on when there is room", async () => {
    const database = new DatabaseSync(newFile());
    database.exec("PRAGMA journal_mode = WAL; PRAGMA max_page_count = 20");
    const { set, data, browser } = app(database);
    const answered: Data = {};
    let error: unknown;
    for (let index = 0; error === undefined && index < 100; index++) {
      await set(`key${index}`, "x".repeat(5000)).then(
        () => {
          answered[`key${index}`] = "x".repeat(5000);
        },
        (thrown: unknown) => {
          error = thrown;
        },
      );
    }
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ status: 503, retryable: false, message: expect.stringContaining("SQLITE_FULL") });
    expect(Object.keys(answered).length).toBeGreaterThan(2);
    expect(await data()).toEqual(answered);
    const cookies = new Map(browser.cookies);
    await failure(set("again", "x".repeat(5000)));
    expect(browser.cookies).toEqual(cookies);
    database.exec("PRAGMA max_page_count = 1000");
    await set("again", "x".repeat(5000));
    expect(await data()).toEqual({ ...answered, again: "x".repeat(5000) });
  });

  it("a process that may not write longer files answers 503, keeps what it answered, and goes on afterwards", async () => {
    const file = newFile();
    const env = { DATABASE: file, SESSION_SECRET: SECRET };
    const limited = ["bash", "-c", "ulimit -S -f 300; exec node test/stores/sqlite-server.ts"];
    const server = await startServer(() => limited, env);
    ends.push(() => server.stop());
    const browsers: Browser[] = [];
    let status = 200;
    for (let index = 0; status === 200 && index < 200; index++) {
      const browser = new Browser(server.serve);
      const answer = await browser.visit(`/fill/key${index}`);
      status = answer.status;
      if (answer.ok) browsers.push(browser);
      else expect(await answer.text()).toMatch(/SQLITE_(FULL|IOERR)/);
    }
    expect(status).toBe(503);
    expect(browsers.length).toBeGreaterThan(2);
    const kept = async () => {
      for (const [index, browser] of browsers.entries()) {
        expect(Object.keys(await (await browser.visit("/")).json())).toEqual([`key${index}`]);
      }
    };
    await kept();
    const pid = await (await new Browser(server.serve).visit("/pid")).text();
    execFileSync("prlimit", ["--pid", pid, "--fsize=unlimited"]);
    const later = new Browser(server.serve);
    expect((await later.visit("/fill/later")).status).toBe(200);
    await kept();
  });
});

describe("what somebody broke", () => {
  it.each([
    ["no JSON", "data = '{'"],
    ["no object", "data = '[]'"],
    ["a value that is no text", `data = '{"a":1}'`],
    ["a value that is no JSON", `data = '{"a":"{"}'`],
    ["no data", "data = ''"],
    ["bytes", "data = x'00ff'"],
    ["an instant that is none", "seen_at = 'yesterday'"],
    ["a meta that is none", "meta = '{'"],
  ])("a row with %s is no session, and an event", async (_what, change) => {
    const file = newFile();
    const { events, set, data, store } = app(file);
    await set("before");
    const other = new DatabaseSync(file);
    other.exec(`UPDATE web_sessions SET ${change}`);
    events.length = 0;
    expect(await data()).toEqual({});
    expect(events).toContainEqual({ type: "invalid", reason: "record" });
    await set("after");
    expect(await data()).toEqual({ after: 1 });
    other.exec("UPDATE web_sessions SET subject = 'ada'");
    other.close();
    expect(await store.list("ada")).toHaveLength(2);
  });

  it("a file that is no database fails, until it is one again", async () => {
    const file = newFile();
    const { set, data, store } = app(file);
    await set("before");
    store.close();
    const good = `${file}.good`;
    renameSync(file, good);
    writeFileSync(file, "this is not a database ".repeat(1000));
    const again = app(file);
    expect(await failure(again.set("lost"))).toMatchObject({
      retryable: false,
      message: expect.stringContaining("SQLITE_NOTADB"),
    });
    renameSync(good, file);
    await again.set("after");
    expect(await again.data()).toEqual({ after: 1 });
    expect(await failure(data())).toMatchObject({ retryable: false });
  });
});

describe("a file that is deleted while it is used", () => {
  it("is made anew: its sessions are gone, new ones are kept where others find them", async () => {
    const file = newFile();
    const { browser, events, set, data, newBrowser, does } = app(file);
    const other = app(file);
    await set("before");
    for (const end of ["", "-wal", "-shm"]) rmSync(file + end);
    events.length = 0;
    expect(await data()).toEqual({});
    expect(events).toContainEqual(expect.objectContaining({ type: "unknown" }));
    await set("after");
    for (const [name, held] of browser.cookies) other.browser.cookies.set(name, held);
    expect(await other.data()).toEqual({ after: 1 });
    const visitor = newBrowser();
    await does((session) => {
      session.data.own = 1;
    }, visitor);
    expect(new DatabaseSync(file).prepare("SELECT count(*) AS count FROM web_sessions").get()).toEqual({ count: 2 });
    expect(new DatabaseSync(file).prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  });
});
