/** An application for tests of several processes: what it does stands in the path. */
import { createServer } from "node:http";
import { createSessions, type Session, StoreError } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";

type Data = Record<string, unknown>;

async function act(path: string, session: Session<Data>): Promise<void> {
  const [, verb, key = ""] = path.split("/");
  if (verb === "set") session.data[key] = 1;
  if (verb === "patch") await session.patch({ [key]: 1 });
  if (verb === "fill") session.data[key] = "x".repeat(20_000);
  if (verb === "count") await session.update((data) => (data.count = Number(data.count ?? 0) + 1));
  if (verb === "kill") process.kill(process.pid, "SIGKILL");
}

/** Serves sessions in the store on PORT, with SESSION_SECRET. */
export function serveSessions(store: DefinedStore): void {
  const { PORT, SESSION_SECRET = "" } = process.env;
  const sessions = createSessions<Data>({ secrets: SESSION_SECRET, store });
  const answer = sessions.handler(async (request, session) => {
    if (request.url.endsWith("/pid")) return new Response(String(process.pid));
    await act(new URL(request.url).pathname, session);
    return Response.json(session.data);
  });

  createServer(async (incoming, outgoing) => {
    const headers = { Cookie: incoming.headers.cookie ?? "" };
    const response = await answer(new Request(`http://127.0.0.1${incoming.url}`, { headers })).catch((error: unknown) =>
      error instanceof StoreError
        ? new Response(error.message, { status: error.status, headers: { Retryable: String(error.retryable) } })
        : new Response(String(error), { status: 500 }),
    );
    outgoing.writeHead(response.status, [...response.headers].flat());
    outgoing.end(await response.text());
  }).listen(Number(PORT), "127.0.0.1");
}
