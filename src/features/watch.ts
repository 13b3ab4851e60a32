/**
 * Watching: a WebSocket that tells an open page when its session ends.
 *
 * @module
 */
import { createCheck } from "../csrf/check.ts";
import { OptionError } from "../ground/errors.ts";
import { guarded } from "../manager/backend.ts";
import { loadInto } from "../manager/load.ts";
import { type Engine, placeOf } from "../manager/manager.ts";
import type { StoredSessions } from "../manager/seam.ts";
import { engineOf } from "../manager/sessions.ts";
import { SessionState } from "../session/visit.ts";

/** Who may watch. */
export interface WatchOptions {
  /** Other websites whose pages may open the socket, as in the `Origin` header: `"https://admin.example.com"`. Default none. */
  trustedOrigins?: readonly string[];
}

/**
 * Answers the handshake of a WebSocket that says nothing and is closed when the session ends (4401) or gets a new id (4409), so that
 * open pages know at once. Pages of other websites get 403; without a session it is closed with 4401 at once.
 *
 * @throws OptionError when the store cannot tell pages; StoreError when it fails
 *
 * @example
 * ```ts
 * if (new URL(request.url).pathname === "/watch") return watch(sessions, request);
 * ```
 */
export async function watch<Data extends object>(
  sessions: StoredSessions<Data>,
  request: Request,
  options: WatchOptions = {},
): Promise<Response> {
  const engine = sessions === undefined ? undefined : (engineOf(sessions) as Engine | undefined);
  if (engine === undefined)
    throw new OptionError(
      "ERR_OPTION",
      "Cannot watch these sessions: give what createSessions() made, as in watch(sessions, request)",
    );
  const { store } = engine;
  if (store?.watch === undefined) {
    throw new OptionError("ERR_OPTION", "Cannot watch sessions: that needs a store that can tell pages, like durableObject()");
  }
  const { method, headers, url } = request;
  const header = (name: string) => headers.get(name) ?? "";
  if (header("Upgrade").toLowerCase() !== "websocket")
    return answer(426, "This address is for WebSockets", { Upgrade: "websocket" });
  // Browsers send cookies with a handshake from any website: RFC 6455, section 10.2.
  if (createCheck(options)({ method, host: new URL(url).host, header })) return answer(403, "Forbidden", { Vary: "Origin" });
  const state = new SessionState(headers.get("Cookie"));
  await loadInto(state, engine, { fresh: true });
  const { kept, gone } = state;
  const inStore = kept !== null && !placeOf(engine, kept.record.subject).keeping.dataInToken;
  if (kept === null || !inStore)
    return gone?.why === "moved" ? closed(4409, "The session has another id") : closed(4401, "The session has ended");
  return guarded("watch", async () => withOwnHeaders((await store.watch?.(kept.key, request)) as Response));
}

/** The same handshake, with headers that middleware may set: those of an object's answer cannot be changed. */
function withOwnHeaders(response: Response): Response {
  const { status, headers, webSocket } = response as Response & { webSocket?: WebSocket | null };
  return status === 101 ? new Response(null, { status, headers, webSocket } as ResponseInit) : response;
}

/** Browsers cannot see the status of a handshake that is refused: the page would try for ever. So it is opened, and closed. */
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
