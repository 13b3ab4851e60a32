/** Every cell of the table of what a request is told whose session is gone, with Durable Objects in workerd. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { goneCases } from "../contracts/gone.ts";

describe("a request whose session is not there any more: Durable Objects", () => {
  for (const { name, run } of goneCases(() => durableObject(env.SESSIONS), expect)) it(name, run);
});
