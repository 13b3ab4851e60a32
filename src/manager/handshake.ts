/**
 * WebSocket handshakes that Bun's server answered itself, before the handler responds.
 *
 * @module
 */

/**
 * The part of Bun's server that is used. Handlers get it; in Hono it is the env. https://bun.com/docs/api/websockets
 */
interface BunServer {
  upgrade(request: Request): boolean;
  requestIP(request: Request): unknown;
}

/**
 * Whether Bun has already upgraded this request, and so no longer knows its address. In other runtimes the
 * handler's response does that.
 *
 * @param given The server, an object that has it, or what another runtime passes.
 */
export function isUpgraded(request: Request, given: unknown): boolean {
  // Reading the headers is expensive, so servers that pass nothing are done here.
  if (given === undefined || given === null) return false;
  const { server = given } = given as { server?: unknown };
  const { upgrade, requestIP } = (server ?? {}) as Partial<BunServer>;
  if (typeof upgrade !== "function" || typeof requestIP !== "function") return false;
  const isHandshake = request.headers.get("Upgrade")?.toLowerCase() === "websocket";
  return isHandshake && (server as BunServer).requestIP(request) === null;
}
