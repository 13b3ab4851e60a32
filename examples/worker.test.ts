/**
 * A test of your own Worker that runs in workerd, with its bindings and the secret from .dev.vars. Put it beside your
 * wrangler.toml, install `vitest` and `@cloudflare/vitest-plugin`, write vitest.config.mts, and run `npx vitest run`:
 *
 * ```ts
 * import { cloudflareTest } from "@cloudflare/vitest-plugin";
 * import { defineConfig } from "vitest/config";
 *
 * export default defineConfig({ plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })] });
 * ```
 */
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { session } from "web-session-store/hono";
import { durableObject } from "web-session-store/stores/durable-object";
import { cookieFor } from "web-session-store/testing";

// In your own test, import both from your Worker.
const options = { secrets: env.SESSION_SECRET, store: durableObject(env.SESSIONS) };
const web = session(options);
const app = new Hono().use(web).get("/", (c) => c.text(web.get(c).subject ?? "visitor"));

it("greets a user who is logged in, until they are logged out everywhere", async () => {
  const Cookie = await cookieFor(options, { subject: "ada" });
  const visit = async () => (await app.request("https://example.com/", { headers: { Cookie } })).text();
  expect(await visit()).toBe("ada");
  await web.sessions.revokeAll("ada");
  expect(await visit()).toBe("visitor");
});
