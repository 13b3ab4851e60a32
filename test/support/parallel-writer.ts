/**
 * What a process of an application does, for tests of two on one database: 50 requests of one visitor at the same time. Each sets a key of its own
 * and adds one to a count. Starts when it is told "go"; prints how many increments met too many others at first.
 */
import { ConflictError, createSessions, type SessionOptions } from "../../src/index.ts";
import { SECRET } from "./secrets.ts";

/** Does so with a store, and ends the process. The visitor's cookie is in COOKIE, what its keys begin with in NAME. */
export async function writeInParallel(store: NonNullable<SessionOptions["store"]>): Promise<never> {
  const { COOKIE = "", NAME = "" } = process.env;
  const sessions = createSessions<Record<string, number>>({ secrets: SECRET, store });
  let conflicts = 0;
  const serve = sessions.handler(async (request, session) => {
    session.data[new URL(request.url).searchParams.get("key") ?? ""] = 1;
    const add = () => session.update((data) => (data.count = (data.count ?? 0) + 1));
    for (;;) {
      try {
        return new Response(String(await add()));
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        conflicts++;
      }
    }
  });
  process.stdout.write("ready\n");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const ask = (index: number) => new Request(`https://app.example.com/?key=${NAME}${index}`, { headers: { Cookie: COOKIE } });
  await Promise.all(Array.from({ length: 50 }, (_none, index) => serve(ask(index))));
  process.stdout.write(`${conflicts}\n`);
  process.exit(0);
}
