/** The chosen store's guarantees, as it declares them. */
import { html } from "hono/html";
import { canWatch, guaranteesOf, type Place } from "./places.ts";

interface Fact {
  readonly about: string;
  readonly says: string;
  readonly good: boolean;
}

function factsOf(place: Place): Fact[] {
  const { store, copy } = place.options as { store?: object; copy?: { maxAge: number } };
  const { atomic, immediate } = guaranteesOf(store);
  return [
    fact(
      "Changes at the same time",
      atomic,
      "All are kept",
      store === undefined ? "The last one wins" : "May overwrite each other",
    ),
    ended(store !== undefined, immediate, copy?.maxAge),
    fact("A user’s sessions", store !== undefined, "Listed, and ended from any of them", "Nobody knows them"),
    store === undefined
      ? fact("An open page of a session that ended", false, "", "Is not told")
      : fact("An open page of a session that ended", canWatch(place), "Is told at once", "Asks every few seconds"),
    fact("A request that only reads", copy !== undefined || store === undefined, "Asks no store", "Asks the store once"),
  ];
}

function ended(hasStore: boolean, immediate: boolean, copySeconds: number | undefined): Fact {
  const about = "After a logout elsewhere";
  if (!hasStore) return { about, says: "A copied cookie stays good until it expires", good: false };
  if (copySeconds !== undefined)
    return { about, says: `Pages that only read may be answered for up to ${copySeconds} seconds more`, good: false };
  return fact(about, immediate, "The next request is refused", "Requests may be answered for up to a minute more");
}

function fact(about: string, good: boolean, yes: string, no: string): Fact {
  return { about, says: good ? yes : no, good };
}

export function factsList(place: Place) {
  return html`<dl class="facts">
    ${factsOf(place).map(
      ({ about, says, good }) => html`<div><dt>${about}</dt><dd class="${good ? "good" : "so-so"}">${says}</dd></div>`,
    )}
  </dl>`;
}
