/** The login form, or what a logged-in user can do. */
import { html } from "hono/html";
import { canWatch, type Place, type Visit } from "./places.ts";

export function account({ place, session, stored }: Visit) {
  if (session.subject === undefined) return loginForm(place);
  return html`<div class="line">
      ${stored ? html`<a class="button" href="${place.path}/sessions">Where you are logged in</a>` : ""}
      ${button(place, "new-id", "Give the session a new id")} ${button(place, "logout", "Log out")}
    </div>
    <p class="hint">
      ${
        stored
          ? html`Log in with the same name in another browser, and end this session from there:
              ${canWatch(place) ? "this page is notified at once." : "this page checks every 5 seconds."}`
          : "Without a store, the server does not know your sessions, so none can be ended remotely."
      }
    </p>`;
}

function loginForm({ path }: Place) {
  return html`<form method="post" action="${path}/login" class="line">
    <label>Your name <input name="name" autocomplete="username" required maxlength="60" /></label>
    <label class="check"><input type="checkbox" name="remember" checked /> Stay logged in when the browser is closed</label>
    <button class="main">Log in</button>
  </form>`;
}

function button({ path }: Place, action: string, text: string) {
  return html`<form method="post" action="${path}/${action}"><button>${text}</button></form>`;
}
