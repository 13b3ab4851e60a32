/** Sessions for Fastify 5. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { nodeHeaders, put, type Session, type Sessions } from "web-session-store";

interface Visit<Data extends object> {
  readonly session: Session<Data>;
  /** The reply's headers before the handlers ran. */
  readonly early: [name: string, value: unknown][];
  /** The handler threw. */
  threw: boolean;
  /** The session could not be saved, so the error replaces the response. */
  isUnsaved: boolean;
}

/** Adds hooks to this instance and to those it registers later. */
export function fastifySession<Data extends object>(app: FastifyInstance, sessions: Sessions<Data>) {
  const visits = new WeakMap<FastifyRequest, Visit<Data>>();

  app.addHook("onRequest", async (request, reply) => {
    const url = `${request.protocol}://${request.host}${request.url}`;
    const headers = { get: (name: string) => request.headers[name.toLowerCase()]?.toString() };
    const session = await sessions.load({ method: request.method, url, headers });
    visits.set(request, { session, early: Object.entries(reply.getHeaders()), threw: false, isUnsaved: false });
  });

  app.addHook("onError", async (request) => {
    const visit = visits.get(request);
    if (visit !== undefined) visit.threw = true;
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const visit = visits.get(request);
    // Loading failed, or an earlier hook sent the response.
    if (visit === undefined) return payload;
    const { session } = visit;
    const status = reply.statusCode;
    const failed = visit.isUnsaved || (visit.threw && status >= 500);
    try {
      // Fastify takes the status and headers from a Response only after this hook.
      if (payload instanceof Response) return await sessions.apply(session, payload, { failed });
      const headers = reply.raw.closed ? null : replyHeaders(reply);
      const committed = await sessions.commit(session, { status, headers, failed });
      if (headers !== null) put(headers, committed);
      return payload;
    } catch (error) {
      visit.isUnsaved = true;
      // Headers that the handler set must not go out with the error.
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
      for (const [name, value] of visit.early) reply.header(name, value);
      throw error;
    }
  });

  const get = (request: FastifyRequest): Session<Data> => {
    const visit = visits.get(request);
    if (visit === undefined) throw new Error("Cannot get the session: the hook did not run for this request");
    return visit.session;
  };
  return { get };
}

/** `reply.header()` would append to existing Set-Cookie lines. */
function replyHeaders(reply: FastifyReply) {
  return nodeHeaders({
    getHeader: (name) => reply.getHeader(name),
    setHeader: (name, value) => reply.removeHeader(name).header(name, value),
    removeHeader: (name) => reply.removeHeader(name),
  });
}
