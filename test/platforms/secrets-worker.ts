/** A Worker whose secrets come from a server, and which gives up on a request that takes too long, as a timeout middleware does. */
import { fetched } from "../../src/features/fetched.ts";
import { createSessions, type Secrets } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";

interface Env {
  readonly VAULT: string;
}

async function ask(env: Env): Promise<string> {
  return (await fetch(env.VAULT)).text();
}

const ways = (env: Env): Record<string, Secrets> => ({
  binding: fetched({ get: () => ask(env) }),
  list: fetched([{ get: () => ask(env) }, undefined]),
  function: fetched(() => ask(env)),
});

/** One for each way, as at the top of a module. */
const managers = new Map<string, (request: Request) => Promise<Response>>();

function handlerFor(path: string, env: Env): (request: Request) => Promise<Response> {
  let handler = managers.get(path);
  if (handler === undefined) {
    const [way = "", kept] = path.slice(1).split("/");
    const options = { secrets: ways(env)[way] as Secrets, ...(kept === "store" && { store: memory() }) };
    handler = createSessions<{ views: number }>(options).handler((_request, session) => {
      session.data.views = (session.data.views ?? 0) + 1;
      return new Response(`${session.data.views} views`);
    });
    managers.set(path, handler);
  }
  return handler;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const answering = handlerFor(pathname, env)(request);
    if (!searchParams.has("impatient")) return answering;
    const late = new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("too late", { status: 504 })), 20));
    return Promise.race([answering, late]);
  },
};
