/** The page. All text goes through html``, which escapes it. */
import { html, raw } from "hono/html";
import { account } from "./account.ts";
import { browsersSection } from "./browsers.ts";
import { defaultsSection } from "./defaults.ts";
import { headOf } from "./document.ts";
import { factsList } from "./facts.ts";
import { canWatch, type Place, type Playground, type Visit } from "./places.ts";
import { raceSection } from "./race.ts";
import { REPORT_HERE } from "./report.ts";

const SCRIPT = html`<script src="/playground.js" defer></script>`;

/** What the page shows of a session. Read before the page is made. */
export interface Shown {
  readonly notice: string | undefined;
  readonly views: number;
  readonly cart: readonly string[];
}

/** Counts the view and takes the last form's message. */
export function show({ session }: Visit): Shown {
  const { data } = session;
  data.views = (data.views ?? 0) + 1;
  return { notice: session.takeFlash<string>("notice"), views: data.views, cart: data.cart ?? [] };
}

export function homePage(visit: Visit, { places, rival }: Playground, { notice, views, cart }: Shown) {
  const { place, session } = visit;
  return layout(
    visit,
    places,
    html`${path(place)} ${notice === undefined ? "" : html`<p role="status" class="notice" tabindex="-1">${notice}</p>`}
      <section aria-labelledby="you">
        <h2 id="you"><span class="step" aria-hidden="true">1</span> You</h2>
        <p>
          ${session.subject === undefined ? "You are not logged in." : html`You are <strong>${session.subject}</strong>.`} You
          have seen this page <strong>${views}</strong> ${views === 1 ? "time" : "times"}.
        </p>
        ${account(visit)}
      </section>
      ${raceSection(place, rival)} ${browsersSection(place)} ${defaultsSection(place)} ${cartSection(place, cart)}`,
  );
}

/** A page that only reads. With a copy, it does not ask the store. */
export function lookPage(visit: Visit, { places }: Playground) {
  const { session, place } = visit;
  const items = session.data.cart?.length ?? 0;
  return layout(
    visit,
    places,
    html`<section aria-labelledby="look">
      <h2 id="look">Just looking</h2>
      <p>
        You are <strong>${session.subject ?? "not logged in"}</strong>. Items in your cart: <strong>${items}</strong>. This page
        changes nothing, so nothing is written. <a href="${place.path}/">Back</a>
      </p>
    </section>`,
  );
}

function cartSection(place: Place, items: readonly string[]) {
  return html`<section aria-labelledby="cart">
    <h2 id="cart"><span class="step" aria-hidden="true">5</span> A cart</h2>
    <p>
      ${items.length === 0 ? "The cart is empty. " : ""}Add items from two windows. Each new list depends on the old one, so
      <code>session.update()</code> builds it from what the store holds at that moment.
    </p>
    <ul class="rows">
      ${items.map(
        (item) => html`<li>
          <span>${item}</span>
          <form method="post" action="${place.path}/cart-remove">
            <button name="item" value="${item}" aria-label="Remove ${item}">Remove</button>
          </form>
        </li>`,
      )}
    </ul>
    <form method="post" action="${place.path}/cart-add" class="line">
      <label>Something to buy <input name="item" required maxlength="40" autocomplete="off" /></label>
      <button>Add</button>
    </form>
  </section>`;
}

function layout(visit: Visit, places: readonly Place[], content: unknown) {
  const { place, session, stored } = visit;
  // Only a logged-in user's session can be ended from elsewhere.
  const live = stored !== undefined && session.subject !== undefined;
  const [watch, ask] = live ? (canWatch(place) ? [`${place.path}/watch`, ""] : ["", `${place.path}/alive`]) : ["", ""];
  return html`${headOf(place.title, "en", SCRIPT)}
      <body data-watch="${watch}" data-ask="${ask}" data-ended="${place.path}/ended">
        <header>
          <h1>web-session-store</h1>
          <p class="lead">
            See what a session does while you use it: parallel changes, a logout that other browsers notice, and a cookie that no script
            can read.
          </p>
          <nav aria-label="Where sessions are kept">
            <span>Keep sessions in</span> ${places.map((other) => placeLink(other, place))}
          </nav>
        </header>
        <p id="ended" role="alert" class="notice" tabindex="-1" hidden></p>
        <div class="columns">
          <main>${content} ${storeSection(place)}</main>
          ${raw(REPORT_HERE)}
        </div>
        <a class="to-report" href="#report">What the library did</a>
      </body>
    </html>`;
}

function storeSection(place: Place) {
  return html`<section aria-labelledby="store">
    <h2 id="store">What ${place.title} promises</h2>
    <p>${place.about}</p>
    <p><code class="line-of-code">${place.code}</code></p>
    ${factsList(place)}
    <p>See also <a href="${place.path}/look">a page that only reads</a>, and what the library does for it.</p>
  </section>`;
}

/** The steps of the page, as links. */
function path(place: Place) {
  return html`<p class="path">
    Five steps: <a href="#you">log in</a>, run <a href="#race">the race</a>,
    ${place.options.store === undefined ? "" : html`let <a href="#browsers">two browsers</a> end each other’s sessions,`} attack
    <a href="#defaults">the cookie</a>, and fill <a href="#cart">a cart</a>. Then see what
    <a href="#store">${place.title} promises</a>, and choose another store above.
  </p>`;
}

function placeLink(other: Place, here: Place) {
  return html`<a href="${other.path}/" ${other === here ? html`aria-current="page"` : ""}>${other.title}</a>`;
}
