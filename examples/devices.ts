// A page that shows where a user is logged in, at /account/sessions. Start it with:  bun examples/devices.ts
// or with:  deno serve --allow-env --port 3000 examples/devices.ts   (a Cloudflare Worker has the same shape)
// Set SESSION_SECRET. Create one with: npx web-session-store keygen
// Log in at http://localhost:3000 in two browsers, and end one session from the other.
import { createSessions } from "web-session-store";
import { csrf } from "web-session-store/csrf";
import { deviceOf, devices } from "web-session-store/devices";
import { memory } from "web-session-store/stores/memory";

const sessions = createSessions({ secrets: process.env.SESSION_SECRET ?? "", store: memory() });
const protect = csrf();
// memory() cannot notify pages, so open pages poll. With durableObject(): { watch }, from web-session-store/watch.
const devicesPage = devices(sessions, { login: "/", askEvery: 10 });

const home = sessions.handler((request, session) => {
  if (request.method === "POST") {
    // A real application checks a password here.
    session.login("ada", { meta: { device: deviceOf(request.headers.get("User-Agent")) } });
    return new Response(null, { status: 303, headers: { Location: "/account/sessions" } });
  }
  const page = `<!doctype html><title>Log in</title><form method="post"><button>Log in as Ada</button></form>\n`;
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
});

export default {
  port: process.env.PORT ?? 3000,
  fetch: (request: Request) =>
    new URL(request.url).pathname === "/account/sessions" ? devicesPage(request) : protect(request, () => home(request)),
};
