/**
 * Handshakes of WebSockets that the server has answered itself, before the handler answers: nothing can be added to those.
 *
 * @module
 */

/** What is asked of Bun's server, which it passes to handlers, and which Hono has as its env: https://bun.com/docs/api/websockets */
interface BunServer {
  upgrade(request: Request): boolean;
  requestIP(request: Request): unknown;
}

/**
 * Whether Bun has made a WebSocket of the request by now: its address is known no more. Elsewhere the handler answers with status 101, or
 * with headers for it.
 *
 * @param given The server, or an object that has it, or what another runtime passes.
 */
export function isUpgraded(request: Request, given: unknown): boolean {
  // Most servers give nothing of the kind, and a look at the headers costs as much as the rest.
  if (given === undefined || given === null) return false;
  const { server = given } = given as { server?: unknown };
  const { upgrade, requestIP } = (server ?? {}) as Partial<BunServer>;
  if (typeof upgrade !== "function" || typeof requestIP !== "function") return false;
  const isHandshake = request.headers.get("Upgrade")?.toLowerCase() === "websocket";
  return isHandshake && (server as BunServer).requestIP(request) === null;
}
