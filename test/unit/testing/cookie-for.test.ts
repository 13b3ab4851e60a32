/** cookieFor(): a session for an application's own tests. */
import { expect, it } from "vitest";
import { createSessions } from "../../../src/index.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { cookieFor } from "../../../src/testing/index.ts";
import { SECRET } from "../../support/secrets.ts";

for (const [where, options] of [
  ["in its cookie", { secrets: SECRET }],
  ["in a store", { secrets: SECRET, store: memory() }],
] as const) {
  it(`cookieFor() makes a session ${where} that the application accepts`, async () => {
    const sessions = createSessions(options);
    const open = async (Cookie: string) => sessions.read(new Request("https://app.example.com", { headers: { Cookie } }));
    expect(await open(await cookieFor(options, { subject: "alice", data: { cart: ["apple"] } }))).toMatchObject({
      subject: "alice",
      data: { cart: ["apple"] },
    });
    const visitor = await open(await cookieFor(options, { data: { views: 1 } }));
    expect([visitor?.subject, visitor?.data.views]).toEqual([undefined, 1]);
  });
}
