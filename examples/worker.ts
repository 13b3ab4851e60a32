// A small page with a session, on Cloudflare Workers with Hono. Start it with:  npm start
// Open http://localhost:8787 and reload: the view counter goes up. Log in, log out, and see what the page tells you once.
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { html } from "hono/html";
import { session } from "web-session-store/hono";

export { SessionObject } from "web-session-store/stores/session-object";

interface Data {
  views: number;
}

const web = session<Data>({ secrets: env.SESSION_SECRET });
const app = new Hono();
app.use(csrf(), web);

app.get("/", (c) => {
  const visitor = web.get(c);
  visitor.data.views = (visitor.data.views ?? 0) + 1;
  const notice = visitor.takeFlash<string>("notice");
  return c.html(page(visitor.subject, visitor.data.views, notice));
});

app.post("/login", async (c) => {
  const { name } = await c.req.parseBody();
  const visitor = web.get(c);
  if (typeof name !== "string" || name.trim() === "") {
    visitor.flash("notice", "Please give a name.");
  } else {
    // A real application checks a password here.
    visitor.login(name.trim());
    visitor.flash("notice", `Welcome, ${name.trim()}!`);
  }
  return c.redirect("/", 303);
});

app.post("/logout", (c) => {
  const visitor = web.get(c);
  visitor.logout();
  visitor.flash("notice", "You are logged out.");
  return c.redirect("/", 303);
});

function page(user: string | undefined, views: number, notice: string | undefined) {
  const who = user === undefined ? "You are not logged in." : html`You are <strong>${user}</strong>.`;
  const form =
    user === undefined
      ? html`<form method="post" action="/login">
          <label>Your name <input name="name" autocomplete="username" required maxlength="100" /></label>
          <button>Log in</button>
        </form>`
      : html`<form method="post" action="/logout"><button>Log out</button></form>`;
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>web-session-store</title>
      <style>
        body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
        input, button { font: inherit; padding: 0.3rem 0.7rem }
        [role="status"] { padding: 0.5rem 1rem; border-left: 0.3rem solid seagreen }
      </style>
      <h1>web-session-store</h1>
      ${notice === undefined ? "" : html`<p role="status">${notice}</p>`}
      <p>${who}</p>
      <p>You have seen this page <strong>${views}</strong> ${views === 1 ? "time" : "times"}.</p>
      ${form}
    </html>`;
}

export default app;
