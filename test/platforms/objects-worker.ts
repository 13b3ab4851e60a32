/** A Worker whose bindings are wired in all the ways that do not work, and one that does. */
import { DurableObject } from "cloudflare:workers";
import { createSessions } from "../../src/index.ts";
import { durableObject, type ObjectNamespace } from "../../src/stores/durable-object/index.ts";
import { SessionObject } from "../../src/stores/durable-object/session-object.ts";

export { SessionObject };

export class KvSessions extends SessionObject {}

export class Other extends DurableObject {
  hello(): string {
    return "hello";
  }
}

export class Plain {
  fetch(): Response {
    return new Response("hello");
  }
}

type Env = Record<string, ObjectNamespace> & { readonly SECRET: never };

export default {
  /** Logs in with the binding that the path names. */
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    try {
      const store = durableObject(env[pathname.slice(1)] as ObjectNamespace);
      return await createSessions({ secrets: env.SECRET, store }).handler((_request, session) => {
        session.login("ada");
        return new Response("in");
      })(request);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return new Response(`${code}: ${message}`, { status: 500 });
    }
  },
};
