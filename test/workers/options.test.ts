/** Options on Workers: a secret that is missing names the places where a Worker's secrets are put. */
import { expect, it } from "vitest";
import { session } from "../../src/adapters/hono.ts";
import { createSessions } from "../../src/index.ts";

it("a Worker without its secret is told about .dev.vars and wrangler secret put", () => {
  const message =
    "Cannot create sessions: no secret is set. Make one with: npx web-session-store keygen; put it into .dev.vars, and for the deploy: npx wrangler secret put SESSION_SECRET";
  const calls: ((options: never) => unknown)[] = [createSessions, session];
  for (const call of calls)
    expect(() => call({ secrets: undefined } as never)).toThrow(expect.objectContaining({ code: "ERR_SECRET", message }));
});
