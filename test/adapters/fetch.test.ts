/** The adapter for fetch: `sessions.handler()`. */
import { expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import { holdToContract } from "../contracts/adapter.ts";
import { SECRET } from "../support/secrets.ts";

const notFound = () => new Response("not found", { status: 404 });

holdToContract("sessions.handler()", (options, routes) => {
  const sessions = createSessions(options);
  const serve = sessions.handler((request, visitor) => (routes[new URL(request.url).pathname] ?? notFound)(visitor, request));
  return { serve };
});

it("handler() passes further arguments on, as Workers give env and ctx", async () => {
  const sessions = createSessions({ secrets: SECRET });
  const fetch = sessions.handler(
    (_request, _session, env: { name: string }, ctx: { id: number }) => new Response(env.name + ctx.id),
  );
  expect(await (await fetch(new Request("https://app.example.com"), { name: "env" }, { id: 7 })).text()).toBe("env7");
});

it("handler() rethrows what the handler threw", async () => {
  const sessions = createSessions({ secrets: SECRET });
  const crash = new RangeError("handler crashed");
  const fetch = sessions.handler(() => {
    throw crash;
  });
  await expect(fetch(new Request("https://app.example.com"))).rejects.toBe(crash);
});
