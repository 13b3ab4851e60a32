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
    fact("Parallel changes", atomic, "All are kept", store === undefined ? "The last one wins" : "May overwrite each other"),
    ended(store !== undefined, immediate, copy?.maxAge),
    fact("A user’s sessions", store !== undefined, "Can be listed, and ended from any of them", "Unknown to the server"),
    store === undefined
      ? fact("An open page whose session ends", false, "", "Is not notified")
      : fact("An open page whose session ends", canWatch(place), "Is notified at once", "Polls every few seconds"),
    fact("A request that only reads", copy !== undefined || store === undefined, "Asks no store", "Asks the store once"),
  ];
}

function ended(hasStore: boolean, immediate: boolean, copySeconds: number | undefined): Fact {
  const about = "After a logout elsewhere";
  if (!hasStore) return { about, says: "A copied cookie stays good until it expires", good: false };
  if (copySeconds !== undefined)
    return { about, says: `Pages that only read may still work for up to ${copySeconds} seconds`, good: false };
  return fact(about, immediate, "The next request is refused", "Requests may still work for up to a minute");
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
