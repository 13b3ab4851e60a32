/** Two browsers side by side. Each frame has its own cookie and shows the library's page of the user's sessions. */
import { html, raw } from "hono/html";
import type { DevicesPage } from "web-session-store/devices";
import { headOf } from "./document.ts";
import { canWatch, guaranteesOf, type Place, SIDES, type Side } from "./places.ts";

export function browsersSection(place: Place) {
  return html`<section aria-labelledby="browsers">
    <h2 id="browsers"><span class="step" aria-hidden="true">3</span> Two browsers</h2>
    ${place.options.store === undefined ? withoutStore() : frames(place)}
  </section>`;
}

function withoutStore() {
  return html`<p>
    Without a store, the server does not know which sessions exist, so no browser can log another one out. Choose a store above.
  </p>`;
}

function frames(place: Place) {
  const { path } = place;
  return html`<p>
      Log in on both sides with the same name. Then end one session from the other side and watch it close ${howSoon(place)}. Each side has its own
      cookie, like two browsers. The list is the library’s own page, <code>web-session-store/devices</code>.
    </p>
    <div class="lanes">
      ${SIDES.map((side) => html`<iframe class="browser" title="The ${side} browser" src="${path}/${side}/"></iframe>`)}
    </div>`;
}

function howSoon(place: Place): string {
  if (canWatch(place)) return "at once";
  if (guaranteesOf(place.options.store).immediate)
    return "within two seconds, since this store sends no notice and the page polls";
  return `within seconds on this machine, or about a minute when ${place.title} runs worldwide`;
}

/** The login form of a side. */
export function sidePage(place: Place, side: Side) {
  return sideLayout(
    side,
    `Log in`,
    html`<section aria-labelledby="login">
      <h1 id="login">Log in</h1>
      <form method="post" action="${place.path}/${side}/login" class="line">
        <label>Your name <input name="name" value="Ada" autocomplete="off" required maxlength="60" /></label>
        <button class="main">Log in on the ${side}</button>
      </form>
    </section>`,
  );
}

/** The library's page in a side's frame. */
export function sideDevices(place: Place, side: Side, { title, style, script, main }: DevicesPage): string {
  const logout = html`<form method="post" action="${place.path}/${side}/logout"><button>Log out</button></form>`;
  return String(sideLayout(side, title, raw(main), logout, raw(style + script)));
}

function sideLayout(side: Side, title: string, content: unknown, actions: unknown = "", head: unknown = "") {
  return html`${headOf(`${title}, ${side} browser`, "en", head)}
      <body class="side">
        <header><span class="address">The ${side} browser</span>${actions}</header>
        <main>${content}</main>
      </body>
    </html>`;
}

/** The library's page in the playground's own layout. */
export function placeDevices(place: Place, { lang, title, style, script, main }: DevicesPage): string {
  return String(
    html`${headOf(title, lang, raw(style + script))}
      <body class="alone">
        <header><a href="${place.path}/">Back to the playground, ${place.title}</a></header>
        <main>${raw(main)}</main>
      </body>
    </html>`,
  );
}
