/** adapterContract(): what a case says that fails. */
import { expect, it } from "vitest";
import { createSessions } from "../../../src/index.ts";
import { adapterContract, type MakeApp } from "../../../src/testing/index.ts";

/** What each case fails with, by its name. */
async function failuresOf(makeApp: MakeApp): Promise<Record<string, string>> {
  const failures: Record<string, string> = {};
  for (const { name, run } of adapterContract(makeApp)) await run().catch((error: Error) => (failures[name] = error.message));
  return failures;
}

/** An adapter that answers with whatever becomes of the route's answer and its session. */
const adapter =
  (answer: (response: Response, applied: () => Promise<Response>) => Promise<Response> | Response): MakeApp =>
  (options, routes) => {
    const sessions = createSessions(options);
    return {
      async serve(request) {
        const session = await sessions.load(request);
        const response = (await routes[new URL(request.url).pathname]?.(session, request)) ?? new Response(null, { status: 404 });
        return answer(response, () => sessions.apply(session, response));
      },
    };
  };

it("says what was expected, and which requests led there, where nothing is said of caches", async () => {
  const uncached = async (applied: () => Promise<Response>) => {
    const response = await applied();
    const headers = [...response.headers].filter(([name]) => name !== "cache-control");
    return new Response(response.body, { status: response.status, headers });
  };
  const failures = await failuresOf(adapter((_response, applied) => uncached(applied)));
  const name = "responses: keeps a user's pages private, unless the application says otherwise";
  expect(failures[name]).toBe(
    'expected null to be "private, no-store": Cache-Control of the response to /who (after GET /login: 303, GET /who: 200)',
  );
});

it.each<[string, MakeApp, teller: string, message: string]>([
  [
    "no cookie is sent",
    adapter((response) => response),
    "the adapter: sends the cookie of a session that was changed, and finds the session when it comes back",
    "expected 0 to be 1: the number of Set-Cookie headers on a response that changed the session (after GET /count: 200)",
  ],
  [
    "nothing is answered",
    () => ({ serve: () => undefined as unknown as Response }),
    "the adapter: sends what the path's route returned",
    "expected serve() to return a Response, but it returned undefined (after GET /views: no response)",
  ],
  [
    "there is no application",
    () => Promise.reject(new Error("the port is taken")),
    "the adapter: sends what the path's route returned",
    "the port is taken",
  ],
])("says it once where %s", async (_what, makeApp, teller, message) => {
  const { [teller]: told, ...others } = await failuresOf(makeApp);
  expect(told).toBe(message);
  expect(Object.keys(others).length).toBeGreaterThan(50);
  expect(new Set(Object.values(others))).toEqual(new Set(["Not run: a basic case fails"]));
});

it("says which answer a store's failure must have", async () => {
  const failures = await failuresOf(adapter((_response, applied) => applied().catch(() => new Response("?", { status: 500 }))));
  expect(failures["a store that fails: fails with 503 when update fails, and sends no cookie"]).toBe(
    "expected 500 to be 503: the status of the error (after GET /count: 200, GET /count: 500)",
  );
});

it("says what a route threw that was not answered", async () => {
  const failures = await failuresOf(adapter((_response, applied) => applied()));
  expect(failures["responses: saves changes made before a thrown Response"]).toBe(
    'expected "none" to be "5": the views in the session (after GET /thrown: no response, GET /views: 200)',
  );
  expect(failures["responses: ends a destroyed session even if the handler throws afterwards"]).toBe(
    'expected "alice" to be "nobody": who is logged in (after GET /login: 303, GET /crash: no response, GET /who: 200)',
  );
});
