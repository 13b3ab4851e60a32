/**
 * WebSockets on a session: they say nothing but that it has ended, by the code they are closed with.
 *
 * @module
 */

/** The session has ended: logged out, revoked, evicted or expired. The page shows that; it does not connect again. */
export const ENDED = 4401;
/** The session has a new id. The page connects again, with its new cookie. */
export const REPLACED = 4409;
/** The page said something other than "ping" (RFC 6455: policy violation). */
const NOT_ALLOWED = 1008;

/** How many sockets a session may have: one for each open tab. */
const MAX_SOCKETS = 8;

/** The server's end of a socket. */
interface Socket {
  accept(): void;
  close(code: number, reason: string): void;
}

/** What sockets use of a Durable Object's `ctx`. */
export interface SocketHost {
  acceptWebSocket(socket: Socket, tags: string[]): void;
  getWebSockets(tag?: string): { close(code: number, reason: string): void }[];
  setWebSocketAutoResponse(pair: object): void;
}

/** What Workers have as globals. */
interface WorkersGlobals {
  WebSocketPair: new () => { 0: object; 1: Socket };
  WebSocketRequestResponsePair: new (request: string, response: string) => object;
  Response: new (body: null, init: { status: number; webSocket: object }) => Response;
}

/** The sockets of an object, each tagged with the id of its session. They stay open while the object sleeps. */
export class SessionSockets {
  readonly #host: SocketHost;

  constructor(host: SocketHost) {
    this.#host = host;
  }

  /** The answer to a request for a socket on a session: 101, or 429 when it has too many. */
  open(id: string): Response {
    if (this.#host.getWebSockets(id).length >= MAX_SOCKETS) {
      return new Response("Too many connections for this session", { status: 429, headers: { "Retry-After": "60" } });
    }
    const { WebSocketRequestResponsePair } = globals();
    // Answered while the object sleeps, so that a page can tell a dead connection from a quiet one for nothing.
    this.#host.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    return upgrade((server) => this.#host.acceptWebSocket(server, [id]));
  }

  /** Whether any page is connected. */
  any(): boolean {
    return this.#host.getWebSockets().length > 0;
  }

  /** Closes the sockets of sessions. */
  close(ids: readonly string[], code: typeof ENDED | typeof REPLACED): void {
    for (const id of ids) {
      for (const socket of this.#host.getWebSockets(id)) closeWith(socket, code);
    }
  }
}

/** The answer that tells a page the end at once: no browser shows it the status of a refused socket, so it gets a closed one. */
export function closedWith(code: typeof ENDED | typeof REPLACED): Response {
  return upgrade((server) => {
    server.accept();
    closeWith(server, code);
  });
}

/** Closes the socket of a page that talks. */
export function refuse(socket: { close(code: number, reason: string): void }): void {
  socket.close(NOT_ALLOWED, "only ping");
}

function closeWith(socket: { close(code: number, reason: string): void }, code: typeof ENDED | typeof REPLACED): void {
  socket.close(code, code === ENDED ? "session ended" : "session replaced");
}

function upgrade(take: (server: Socket) => void): Response {
  const { WebSocketPair, Response: UpgradeResponse } = globals();
  const { 0: client, 1: server } = new WebSocketPair();
  take(server);
  return new UpgradeResponse(null, { status: 101, webSocket: client });
}

function globals(): WorkersGlobals {
  return globalThis as unknown as WorkersGlobals;
}
