/** The page. Text goes through html``, which escapes it, wherever it comes from. */
import { html, raw } from "hono/html";
import type { ListedSession } from "web-session-store";
import { account } from "./account.ts";
import { canWatch, type Place, type Visit } from "./places.ts";
import { REPORT_HERE } from "./report.ts";

/** What the page shows of a session: read before it is made, since only a handler may wait for the store. */
export interface Shown {
  readonly notice: string | undefined;
  readonly views: number;
  readonly cart: readonly string[];
  /** The sessions of the user who is logged in. */
  readonly own: readonly ListedSession[];
}

/** Counts the view, takes the message of the last form, and asks for the user's sessions. */
export async function show({ session, stored }: Visit): Promise<Shown> {
  const { data, subject } = session;
  data.views = (data.views ?? 0) + 1;
  const notice = session.takeFlash<string>("notice");
  const own = subject === undefined ? [] : ((await stored?.list(subject, { current: session.id })) ?? []);
  // This browser first.
  const sorted = own.toSorted((a, b) => Number(b.current) - Number(a.current));
  return { notice, views: data.views, cart: data.cart ?? [], own: sorted };
}

export function homePage(visit: Visit, places: readonly Place[], shown: Shown) {
  const { place, session } = visit;
  const { notice, views } = shown;
  return layout(
    visit,
    places,
    html`${notice === undefined ? "" : html`<p role="status" class="notice">${notice}</p>`}
      <section aria-labelledby="you">
        <h2 id="you">You</h2>
        <p>
          ${session.subject === undefined ? "You are not logged in." : html`You are <strong>${session.subject}</strong>.`} You
          have seen this page <strong>${views}</strong> ${views === 1 ? "time" : "times"}.
        </p>
        ${account(visit, shown.own)}
      </section>
      ${cart(place, shown.cart)}`,
  );
}

/** A page that only reads: with a copy it asks no store. */
export function lookPage(visit: Visit, places: readonly Place[]) {
  const { session, place } = visit;
  const items = session.data.cart?.length ?? 0;
  return layout(
    visit,
    places,
    html`<section aria-labelledby="look">
      <h2 id="look">Only looking</h2>
      <p>
        You are <strong>${session.subject ?? "nobody we know"}</strong>, and your cart holds <strong>${items}</strong>. This page
        changes nothing, so nothing is written. <a href="${place.path}/">Back</a>
      </p>
    </section>`,
  );
}

function cart(place: Place, items: readonly string[]) {
  return html`<section aria-labelledby="cart">
    <h2 id="cart">Cart</h2>
    ${items.length === 0 ? html`<p>It is empty. Open this page in a second window, and fill it from both.</p>` : ""}
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
      <button class="main">Add</button>
      <button type="button" hidden data-parallel="${place.path}/cart-add">Add five at the same time</button>
    </form>
  </section>`;
}

function layout(visit: Visit, places: readonly Place[], content: unknown) {
  const { place, session, stored } = visit;
  // Only the page of a user who is logged in has a session that others can end.
  const live = stored !== undefined && session.subject !== undefined;
  const [watch, ask] = live ? (canWatch(place) ? [`${place.path}/watch`, ""] : ["", `${place.path}/alive`]) : ["", ""];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${place.title} · web-session-store</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/playground.css" />
        <script src="/playground.js" defer></script>
      </head>
      <body data-watch="${watch}" data-ask="${ask}">
        <header>
          <h1>web-session-store</h1>
          <nav aria-label="Where sessions are kept">${places.map((other) => placeLink(other, place))}</nav>
          <p><code>${place.code}</code></p>
          <p>${place.about} <a href="${place.path}/look">A page that only reads</a></p>
        </header>
        <p id="ended" role="alert" class="notice" hidden></p>
        <main>${content} ${raw(REPORT_HERE)}</main>
      </body>
    </html>`;
}

function placeLink(other: Place, here: Place) {
  return html`<a href="${other.path}/" ${other === here ? html`aria-current="page"` : ""}>${other.title}</a>`;
}
