/** The actions of the page's forms. Each name is a path: a POST to /login runs `login`. */
import { deviceOf } from "web-session-store/devices";
import type { Visit } from "./places.ts";

/** A trimmed field of the submitted form. Empty if missing. */
type Field = (name: string) => string;
export type Action = (visit: Visit, field: Field) => Promise<void> | void;

const MOST_ITEMS = 12;
const LONGEST_ITEM = 40;
const LONGEST_NAME = 60;

export const actions: Readonly<Record<string, Action>> = {
  login({ session, userAgent }, field) {
    const name = nameIn(field);
    if (name === "") return session.flash("notice", "Please enter a name.");
    // A real application checks a password here.
    session.login(name, { meta: { device: deviceOf(userAgent) }, remember: field("remember") === "on" });
    session.flash("notice", `Welcome, ${name}!`);
  },

  logout({ session }) {
    session.logout();
    session.flash("notice", "You are logged out.");
  },

  "new-id"({ session }) {
    session.regenerateId();
    session.flash("notice", "The session has a new id.");
  },

  // The new list depends on the old one, and another window may
  // have changed it. update() uses what the store holds now.
  async "cart-add"({ session }, field) {
    const item = field("item").slice(0, LONGEST_ITEM);
    if (item === "") return session.flash("notice", "Please enter an item.");
    const fits = await session.update((data) => {
      const cart = data.cart ?? [];
      if (cart.length < MOST_ITEMS) data.cart = [...cart, item];
      return cart.length < MOST_ITEMS;
    });
    if (!fits) session.flash("notice", `The cart is full: it holds ${MOST_ITEMS} items.`);
  },

  async "cart-remove"({ session }, field) {
    await session.update((data) => {
      const cart = data.cart ?? [];
      const index = cart.indexOf(field("item"));
      if (index !== -1) data.cart = cart.toSpliced(index, 1);
    });
  },
};

/** The actions of the two browsers' forms, by the same rule. */
export const sideActions: Readonly<Record<string, (visit: Visit & { side: string }, field: Field) => void>> = {
  login({ session, side }, field) {
    // Both are frames of one browser, so its user agent would not tell them apart.
    const device = `${side === "left" ? "Left" : "Right"} browser`;
    if (nameIn(field) !== "") session.login(nameIn(field), { meta: { device }, remember: false });
  },

  logout({ session }) {
    session.logout();
  },
};

function nameIn(field: Field): string {
  return field("name").slice(0, LONGEST_NAME);
}
