/** The secure defaults: what a script on this page can do with the session's cookie. */
import { html } from "hono/html";
import { cookieNames, type Place } from "./places.ts";

export function defaultsSection(place: Place) {
  const [visitors, users] = cookieNames(place);
  return html`<section aria-labelledby="defaults">
    <h2 id="defaults"><span class="step" aria-hidden="true">4</span> The secure defaults</h2>
    <p>
      Suppose that a stranger’s script runs on this page and wants your session. It tries to read the cookie, and to plant one that the
      stranger knows. The button runs that script.
    </p>
    <p class="line">
      <button type="button" class="main" hidden data-attack="${visitors} ${users}" data-alive="${place.path}/alive">Let it try</button>
      <span class="hint only-scripts">This needs JavaScript, and so does the attack.</span>
    </p>
    <ul class="attempts" aria-live="polite" data-attempts></ul>
  </section>`;
}
