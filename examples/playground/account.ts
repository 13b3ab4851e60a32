/** The part of the page about who is logged in: the form to log in, or the user's sessions. */
import { html } from "hono/html";
import type { ListedSession } from "web-session-store";
import { canWatch, type Place, type Visit } from "./places.ts";

export function account({ place, session, stored }: Visit, own: readonly ListedSession[]) {
  if (session.subject === undefined) return loginForm(place);
  return html`
    <div class="line">
      ${button(place, "logout", "Log out")} ${button(place, "new-id", "Give the session a new id")}
    </div>
    <h3>Your sessions</h3>
    ${stored ? sessionList(place, own) : html`<p>No store, so nobody knows them and nothing can be logged out from afar.</p>`}
    ${
      stored
        ? html`<p class="hint">
          Log in with the same name in another browser, or a private window, and log this one out from there:
          ${canWatch(place) ? "this page is told at once." : "this store tells nobody, so this page asks every 5 seconds."}
        </p>`
        : ""
    }
  `;
}

function loginForm({ path }: Place) {
  return html`<form method="post" action="${path}/login" class="line">
    <label>Your name <input name="name" autocomplete="username" required maxlength="60" /></label>
    <label class="check"><input type="checkbox" name="remember" checked /> Stay logged in when the browser is closed</label>
    <button class="main">Log in</button>
  </form>`;
}

function sessionList(place: Place, own: readonly ListedSession[]) {
  return html`<ul class="rows">
      ${own.map(
        ({ id, current, meta, startedAt, seenAt, expiresAt }) => html`<li ${current ? html`aria-current="true"` : ""}>
          <div>
            <strong>${meta?.device ?? "Unknown browser"}</strong> ${current ? html`<span class="mark">this browser</span>` : ""}
            <small>
              Logged in ${time(startedAt)}, last seen ${time(seenAt)}, ends ${time(expiresAt)}. Id <code>${id.slice(0, 8)}</code>
            </small>
          </div>
          ${
            current
              ? ""
              : html`<form method="post" action="${place.path}/revoke">
                <button name="id" value="${id}" aria-label="Log out ${meta?.device ?? "this session"}, ${id.slice(0, 8)}">Log out</button>
              </form>`
          }
        </li>`,
      )}
    </ul>
    ${own.length > 1 ? button(place, "logout-others", "Log out all others") : ""}`;
}

function button({ path }: Place, action: string, text: string) {
  return html`<form method="post" action="${path}/${action}"><button>${text}</button></form>`;
}

/** In UTC; the browser's script puts it into the reader's own time. */
function time(epochSeconds: number) {
  const iso = new Date(epochSeconds * 1000).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`;
}
