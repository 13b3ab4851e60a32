/** Secrets that are fetched, in workerd: what a request was waiting for when it was over hangs no other. */
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { closeServers, listenOn } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import { browserOf, startWorker, type Worker } from "../support/workerd.ts";

/** Answers with the secret; the first so many questions are left without an answer. */
let unanswered = 0;
let asked = 0;
let onQuestion = () => {};
const held: ServerResponse[] = [];

let address: string;
beforeAll(async () => {
  const port = await listenOn((_request, response) => {
    asked++;
    onQuestion();
    if (unanswered-- > 0) held.push(response);
    else response.end(SECRET);
  });
  address = `http://127.0.0.1:${port}/`;
});
beforeEach(() => {
  asked = 0;
});
afterAll(async () => {
  for (const response of held) response.end();
  await closeServers();
});

const WAYS = ["binding", "list", "function"].flatMap((way) => [[`/${way}/cookie`], [`/${way}/store`]]);

// With the flag, which many applications set, a request may wait for what another one began, as long as that is not over.
describe.each([[[]], [["no_handle_cross_request_promise_resolution"]]])(
  "with the compatibility flags %j",
  (compatibilityFlags) => {
    let worker: Worker;
    beforeAll(async () => {
      const bindings = { VAULT: { type: "plain_text", value: address } } as const;
      worker = await startWorker("test/platforms/secrets-worker.ts", { bindings, compatibilityFlags });
    });

    it.each(WAYS)(
      "a request that was answered before its secret came hangs no later one: %s",
      { timeout: 20_000 },
      async (path) => {
        unanswered = 1;
        const browser = browserOf(worker);
        expect((await browser.ask(`${path}?impatient`)).status).toBe(504);
        for (const views of [1, 2, 3]) expect(await (await browser.visit(path)).text()).toBe(`${views} views`);
        // The one that never came, and the one that is kept.
        expect(asked).toBe(2);
      },
    );

    it("a request that its client gave up hangs no later one, nor one that came meanwhile", { timeout: 20_000 }, async () => {
      const path = "/function/given-up";
      unanswered = 1;
      const gone = new AbortController();
      const begun = new Promise<void>((resolve) => {
        onQuestion = resolve;
      });
      const first = browserOf(worker, { signal: gone.signal }).ask(path);
      await begun;
      const other = browserOf(worker);
      const meanwhile = other.visit(path);
      gone.abort();
      await expect(first).rejects.toThrow();
      expect(await (await meanwhile).text()).toBe("1 views");
      expect(await (await other.visit(path)).text()).toBe("2 views");
    });
  },
);
