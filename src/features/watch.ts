/**
 * Watching: a WebSocket that tells an open page when its session ends.
 *
 * @module
 */
import { createCheck } from "../csrf/check.ts";
import { cannot } from "../ground/errors.ts";
import { load } from "../manager/load.ts";
import { channelOf } from "../manager/manager.ts";
import type { StoredSessions } from "../manager/seam.ts";
import { managerBehind } from "../manager/sessions.ts";
import { newVisit } from "../session/visit.ts";

/** Options for `watch()`. */
export interface WatchOptions {
  /**
   * Other websites whose pages may open the socket, as in the `Origin` header:
   * `"https://admin.example.com"`. Default: none.
   */
  trustedOrigins?: readonly string[];
}

/**
 * Accepts a WebSocket that sends nothing and closes when the session ends (4401) or gets a new id (4409), so that
 * open pages know at once. Without a session it closes with 4401 at once. Pages of other websites get 403.
 *
 * @throws OptionError if the store cannot notify pages; StoreError if it fails
 *
 * @example
 * ```ts
 * import { watch } from "web-session-store/watch";
 *
 * if (new URL(request.url).pathname === "/watch") return watch(sessions, request);
 * ```
 */
export async function watch<Data extends object>(
  sessions: StoredSessions<Data>,
  request: Request,
  options: WatchOptions = {},
): Promise<Response> {
  const manager = managerBehind(sessions);
  const watchKey = manager.backend.watch;
  if (watchKey === undefined) {
    cannot("watch sessions", "the store cannot notify pages. Use one that can, like durableObject()");
  }
  const { method, headers, url } = request;
  const header = (name: string) => headers.get(name) ?? "";
  if (header("Upgrade").toLowerCase() !== "websocket")
    return answer(426, "This address is for WebSockets", { Upgrade: "websocket" });
  // Browsers send cookies with a handshake from any website: RFC 6455, section 10.2.
  if (createCheck(options)({ method, host: new URL(url).host, header })) return answer(403, "Forbidden", { Vary: "Origin" });
  const visit = newVisit(request, false, null);
  await load(visit, manager, false, true);
  const { found } = visit;
  const inStore = found.is === "living" && channelOf(manager, found.record.subject).mode !== "cookie";
  if (inStore) return withOwnHeaders(await watchKey(found.key, request));
  return found.is === "gone" ? closed(4409, "The session has another id") : closed(4401, "The session has ended");
}

/** Copies the handshake, since middleware may set headers and a Durable Object's response is immutable. */
function withOwnHeaders(response: Response): Response {
  const { status, headers, webSocket } = response as Response & { webSocket?: WebSocket | null };
  return status === 101 ? new Response(null, { status, headers, webSocket } as ResponseInit) : response;
}

/** Pages cannot see the status of a refused handshake and would retry forever, so it is opened and closed. */
function closed(code: number, reason: string): Response {
  const { WebSocketPair } = globalThis as { WebSocketPair?: new () => { 0: WebSocket; 1: WebSocket & { accept(): void } } };
  if (WebSocketPair === undefined) return answer(401, "There is no session to watch", {});
  const pair = new WebSocketPair();
  pair[1].accept();
  pair[1].close(code, reason);
  return new Response(null, { status: 101, webSocket: pair[0] } as ResponseInit);
}

function answer(status: number, text: string, headers: Record<string, string>): Response {
  return new Response(text, { status, headers: { "Cache-Control": "no-store", ...headers } });
}
