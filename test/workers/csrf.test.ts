/** csrf() inside workerd. */
import { Hono } from "hono";
import { csrf } from "../../src/csrf/fetch.ts";
import { csrf as honoCsrf } from "../../src/csrf/hono.ts";
import { csrfContract } from "../contracts/csrf.ts";

const toRequest = (method: string, host: string, headers: Record<string, string>) =>
  new Request(`https://${host}/`, { method, headers });

csrfContract("fetch in workerd", (options) => {
  const protect = csrf(options);
  return (...asked) => protect(toRequest(...asked), () => new Response("done"));
});

csrfContract("Hono in workerd", (options) => {
  const app = new Hono().use(honoCsrf(options));
  app.all("*", (c) => c.text("done"));
  return async (...asked) => app.fetch(toRequest(...asked));
});
