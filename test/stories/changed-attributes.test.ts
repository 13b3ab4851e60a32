/** A deploy with other cookie attributes, to browsers that hold the cookies of the one before: a logout logs out, and a login stays. */
import { describe, expect, it } from "vitest";
import { ownTokens } from "../../src/accept/own.ts";
import { type CookieOptions, createSessions, type SessionOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import type { Serve } from "../support/browser.ts";
import { Jar } from "../support/jar.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";

function serving(options: SessionOptions): Serve {
  const handler = createSessions(options).handler((request, session) => {
    const [, , what, name = ""] = new URL(request.url).pathname.split("/");
    if (what === "login") session.login(name);
    if (what === "logout") session.logout();
    return new Response(session.subject ?? "nobody");
  });
  return async (request) => handler(request);
}

const CHANGES: [string, string, CookieOptions, CookieOptions][] = [
  ["the domain is dropped", "__Secure-s", { domain: "example.com" }, {}],
  ["the domain of a single cookie is dropped", "__session", { single: true, domain: "example.com" }, { single: true }],
  ["a domain is added", "__Secure-s", {}, { domain: "example.com" }],
  ["the path becomes wider", "__Secure-s", { path: "/app" }, {}],
  ["the path becomes narrower", "__Secure-s", {}, { path: "/app" }],
  ["the cookie becomes partitioned", "s", {}, { partitioned: true, sameSite: "none" }],
  ["the cookie is no longer partitioned", "s", { partitioned: true, sameSite: "none" }, {}],
];

describe.each(["in the cookie", "in a store"])("sessions %s, with the old cookie in accept", (where) => {
  describe.each(["the same secret", "a new secret"])("%s", (which) => {
    it.each(CHANGES)("%s: who logs out is logged out, and who logs in stays so", async (_what, name, before, after) => {
      const store = memory();
      const common = where === "in a store" ? { name, store } : { name };
      const old = { secrets: OLD_SECRET, name, cookie: before };
      const kind = where === "in a store" ? ("id" as const) : ("data" as const);
      const today = {
        ...common,
        secrets: which === "a new secret" ? SECRET : OLD_SECRET,
        cookie: after,
        accept: [ownTokens({ ...old, kind })],
      };
      const said = async (jar: Jar, path: string) => (await jar.visit(`/app/${path}`)).text();

      const leaves = new Jar(serving({ ...common, ...old }));
      await said(leaves, "login/alice");
      leaves.becomes(serving(today));
      await said(leaves, "logout");
      expect(await said(leaves, "look")).toBe("nobody");
      expect(await said(leaves, "look")).toBe("nobody");

      const changes = new Jar(serving({ ...common, ...old }));
      await said(changes, "login/alice");
      changes.becomes(serving(today));
      await said(changes, "login/bob");
      expect(await said(changes, "look")).toBe("bob");
      await said(changes, "logout");
      expect(await said(changes, "look")).toBe("nobody");
    });
  });
});

it("a cookie that becomes partitioned needs no accept for its logout", async () => {
  const jar = new Jar(serving({ secrets: SECRET }));
  await jar.visit("/app/login/alice");
  jar.becomes(serving({ secrets: SECRET, cookie: { partitioned: true, sameSite: "none" } }));
  expect(await (await jar.visit("/app/look")).text()).toBe("alice");
  await jar.visit("/app/logout");
  expect(await (await jar.visit("/app/look")).text()).toBe("nobody");
});
