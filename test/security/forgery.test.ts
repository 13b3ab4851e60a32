/** Section F of docs/security.md: what other sites can have a browser do. */
import { describe, expect, it } from "vitest";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";

describe("F: forged requests", () => {
  it("F3 what another site started before a login is worth nothing after it", async () => {
    for (const cookie of [{}, { domain: "example.com" }]) {
      for (const options of [{ store: memory() }, { store: memory(), anonymous: "cookie" as const }]) {
        const app = makeApp({ cookie, ...options });
        const attacker = app.browser;
        await app.does((session) => Object.assign(session.data, { cart: "planted", returnTo: "https://evil.example" }), attacker);
        const victim = attacker.copy();
        const carried = await app.does((session) => {
          session.login("alice");
          return session.data.cart;
        }, victim);
        // Only a cookie that no other host can have set brings its data along.
        expect(carried).toBe("domain" in cookie ? undefined : "planted");
        await app.does((session) => Object.assign(session.data, { address: "secret" }), victim);
        expect(await app.does((session) => [session.subject, session.data.address], attacker)).toEqual([undefined, undefined]);
      }
    }
  });
});
