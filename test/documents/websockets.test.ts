/** The recipe on WebSockets in docs/recipes.md, started as the page shows it: what it promises, and that nothing ends the process. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Browser } from "../support/browser.ts";
import { SECRET } from "../support/secrets.ts";
import { type Server, startServer } from "../support/server.ts";
import { newFolder, programs } from "./recipe-programs.ts";

const ENV = { SESSION_SECRET: SECRET };
/** A form of the page itself, where `startServer` says from where. */
const send = { method: "POST" };
const program = programs.get("sockets.ts") ?? "";

let folder = "";
let server: Server | undefined;
beforeAll(() => void execFileSync("node", ["scripts/build.mjs", "--if-needed"]));
beforeEach(() => {
  folder = newFolder();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const write = (text: string) => writeFileSync(join(folder, "sockets.ts"), text);

/** The recipe on WebSockets as its page starts it, and a browser on it. */
async function startedSockets() {
  const running = await startServer((port) => ["env", `ORIGIN=http://127.0.0.1:${port}`, "node", "sockets.ts"], ENV, folder);
  server = running;
  const { origin } = new URL((await running.serve(new Request("https://app.example.com/"))).url);
  const browser = new Browser(running.serve);
  const connect = (Origin = origin) => {
    const headers = { Cookie: browser.cookieHeader(), Origin };
    const socket = new WebSocket(origin.replace("http", "ws"), { headers } as never);
    const next = (name: string) => new Promise<Event>((done) => socket.addEventListener(name, done, { once: true }));
    return { socket, next };
  };
  return { origin, browser, connect };
}

it("WebSockets open for users of this origin, and close with the first message after the logout", async () => {
  write(program);
  const { browser, connect } = await startedSockets();
  await connect().next("error");
  await browser.visit("/login", send);
  await connect("https://evil.example").next("error");
  const { socket, next } = connect();
  await next("open");
  socket.send("hello");
  expect(((await next("message")) as MessageEvent).data).toBe("ada: hello");
  expect((await browser.visit("/logout", { method: "POST", headers: { Origin: "https://evil.example" } })).status).toBe(403);
  await browser.visit("/logout", send);
  socket.send("still here?");
  expect(((await next("close")) as CloseEvent).code).toBe(4401);
});

/** Sends bytes as they are, more after the first answer, and resets the connection if it is still open after `patience`. */
function raw(origin: string, bytes: string, { more, patience = 500 }: { more?: Uint8Array; patience?: number } = {}) {
  return new Promise<string>((done) => {
    let answer = "";
    const socket = createConnection(Number(new URL(origin).port), "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.on("data", (received) => {
      answer += received.toString("latin1");
      if (more !== undefined) socket.write(more);
    });
    socket.on("error", () => {});
    socket.on("close", () => done(answer));
    setTimeout(() => socket.resetAndDestroy(), patience);
  });
}

/** Memory that fails while there is a file "down", and takes a while to load while there is a file "slow". */
const FALLIBLE = `import { existsSync } from "node:fs";
import { defineStore } from "web-session-store/stores/define";
import { memory } from "web-session-store/stores/memory";
const store = memory();
async function load(...given) {
  if (existsSync("down")) throw new Error("down");
  if (existsSync("slow")) await new Promise((done) => setTimeout(done, 600));
  return store.load(...given);
}
export const fallible = () => defineStore({ ...store, load });
`;
const HANDSHAKE = [
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==",
  "",
].join("\r\n");
/** A frame without a mask, which no client may send. */
const UNMASKED = Buffer.from([0x81, 0x01, 0x61]);

it("WebSockets stay up whatever a client sends, and while the store fails", async () => {
  writeFileSync(join(folder, "fallible.js"), FALLIBLE);
  const swapped = program.replace(
    '{ memory } from "web-session-store/stores/memory"',
    '{ fallible as memory } from "./fallible.js"',
  );
  expect(swapped).not.toBe(program);
  write(swapped);

  const { origin, browser, connect } = await startedSockets();
  await browser.visit("/login", send);
  const cookie = `Cookie: ${browser.cookieHeader()}\r\n`;
  const own = `GET / HTTP/1.1\r\nHost: a\r\n${cookie}Origin: ${origin}\r\n${HANDSHAKE}\r\n`;
  for (const hostile of [
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    `GET / HTTP/1.1\r\nHost: a b\r\n${HANDSHAKE}\r\n`,
    `GET //evil.example/ HTTP/1.1\r\nHost: evil.example\r\n${cookie}Origin: http://evil.example\r\n${HANDSHAKE}\r\n`,
    "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
    `TRACE / HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n`,
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    `GET / HTTP/1.1\r\nHost: a\r\nCookie: \xff=\xfe\r\n${HANDSHAKE}\r\n`,
  ])
    expect(await raw(origin, hostile), hostile).not.toMatch(/ 101 /);
  expect(await raw(origin, own, { more: UNMASKED })).toMatch(/ 101 /);
  writeFileSync(join(folder, "slow"), "");
  expect(await raw(origin, own, { patience: 200 })).toBe("");
  await new Promise((done) => setTimeout(done, 600));
  rmSync(join(folder, "slow"));

  const { socket, next } = connect();
  await next("open");
  writeFileSync(join(folder, "down"), "");
  expect((await browser.visit("/")).status).toBe(500);
  await connect().next("error");
  socket.send("hello");
  expect(((await next("close")) as CloseEvent).code).toBe(1011);
  rmSync(join(folder, "down"));
  const after = connect();
  await after.next("open");
  after.socket.send("hello");
  expect(((await after.next("message")) as MessageEvent).data).toBe("ada: hello");
});
