/**
 * Applications that take Node's request and response. Both are real. Only the socket
 * is fake, so headers are processed as in a server but nothing waits for TCP.
 *
 * @module
 */
import { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Writable } from "node:stream";
import type { App } from "./app.ts";

/** What `http.createServer` takes. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A connection to nowhere, reused by the next request, as with keep-alive. */
class NoSocket extends Writable {
  readonly remoteAddress = "127.0.0.1";
  readonly readable = true;
  sent: string[] | undefined;

  constructor() {
    super({ decodeStrings: false });
    this.setMaxListeners(0);
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.sent?.push(chunk.toString());
    done();
  }

  setTimeout(): this {
    return this;
  }
}

/** Puts a handler under test. */
export function nodeApp(handler: NodeHandler): App {
  const idle: NoSocket[] = [];

  function send(rawHeaders: readonly string[], path: string, socket: NoSocket): Promise<ServerResponse> {
    const request = new IncomingMessage(socket as unknown as Socket);
    request.httpVersionMajor = 1;
    request.httpVersionMinor = 1;
    request.httpVersion = "1.1";
    request.method = "GET";
    request.url = path;
    (request as unknown as { _addHeaderLines(lines: readonly string[], count: number): void })._addHeaderLines(
      rawHeaders,
      rawHeaders.length,
    );
    request.complete = true;
    request.push(null);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = true;
    response.assignSocket(socket as unknown as Socket);
    return new Promise((resolve) => {
      response.once("finish", () => {
        response.detachSocket(socket as unknown as Socket);
        response.emit("close");
        resolve(response);
      });
      handler(request, response);
    });
  }

  return {
    async ask(path, cookie) {
      const socket = new NoSocket();
      socket.sent = [];
      const response = await send(headers(cookie), path, socket);
      const [head = "", body = ""] = socket.sent.join("").split("\r\n\r\n", 2);
      const setCookie = [...head.matchAll(/^set-cookie: (.*?)\r?$/gim)].map(([, line]) => line as string);
      return { status: response.statusCode, body, setCookie };
    },
    ready(path, cookie) {
      const rawHeaders = headers(cookie);
      return async () => {
        const socket = idle.pop() ?? new NoSocket();
        await send(rawHeaders, path, socket);
        idle.push(socket);
      };
    },
  };
}

function headers(cookie: string | undefined): string[] {
  const common = ["Host", "localhost", "User-Agent", "bench", "Accept", "*/*", "Connection", "keep-alive"];
  return cookie === undefined ? common : [...common, "Cookie", cookie];
}
