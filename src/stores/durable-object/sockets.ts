/**
 * WebSockets on a session. They only tell a page that the session ended or moved, by the code of the close.
 *
 * @module
 */

/** The session was logged out, revoked, evicted or has expired. The page shows that and does not reconnect. */
export const ENDED = 4401;
/** The session has a new id. The page reconnects with its new cookie. */
export const REPLACED = 4409;
/** The page sent something other than "ping" (RFC 6455: policy violation). */
const NOT_ALLOWED = 1008;

/** Maximum number of sockets per session, one for each open tab. */
const MAX_SOCKETS = 8;

interface Socket {
  accept(): void;
  close(code: number, reason: string): void;
}

export interface SocketHost {
  acceptWebSocket(socket: Socket, tags: string[]): void;
  getWebSockets(tag?: string): { close(code: number, reason: string): void }[];
  setWebSocketAutoResponse(pair: object): void;
}

interface WorkersGlobals {
  WebSocketPair: new () => { 0: object; 1: Socket };
  WebSocketRequestResponsePair: new (request: string, response: string) => object;
  Response: new (body: null, init: { status: number; webSocket: object }) => Response;
}

/** The sockets of an object, tagged with the id of their session. They stay open while the object sleeps. */
export class SessionSockets {
  readonly #host: SocketHost;

  constructor(host: SocketHost) {
    this.#host = host;
  }

  open(id: string): Response {
    if (this.#host.getWebSockets(id).length >= MAX_SOCKETS) {
      return new Response("Too many connections for this session", { status: 429, headers: { "Retry-After": "60" } });
    }
    const { WebSocketRequestResponsePair } = globals();
    // Lets a page detect a dead connection without waking the object.
    this.#host.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    return upgrade((server) => this.#host.acceptWebSocket(server, [id]));
  }

  any(): boolean {
    return this.#host.getWebSockets().length > 0;
  }

  close(ids: readonly string[], code: typeof ENDED | typeof REPLACED): void {
    for (const id of ids) {
      for (const socket of this.#host.getWebSockets(id)) closeWith(socket, code);
    }
  }
}

/** Opens a socket and closes it at once, because browsers hide the status of a refused socket from the page. */
export function closedWith(code: typeof ENDED | typeof REPLACED): Response {
  return upgrade((server) => {
    server.accept();
    closeWith(server, code);
  });
}

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
