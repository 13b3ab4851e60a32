/** What the page's forms do. A name here is an address: `login` is done by a POST to /login. */
import { deviceOf } from "./device.ts";
import type { Visit } from "./places.ts";

/** A field of the form that was sent, without the spaces around it; empty when it is not there. */
type Field = (name: string) => string;
export type Action = (visit: Visit, field: Field) => Promise<void> | void;

const MOST_ITEMS = 12;
const LONGEST_ITEM = 40;
const LONGEST_NAME = 60;
const NO_STORE = "Without a store nothing can be logged out from afar.";

export const actions: Readonly<Record<string, Action>> = {
  login({ session, userAgent }, field) {
    const name = field("name").slice(0, LONGEST_NAME);
    if (name === "") return session.flash("notice", "Please give a name.");
    // A real application checks a password here.
    session.login(name, { meta: { device: deviceOf(userAgent) }, remember: field("remember") === "on" });
    session.flash("notice", `Welcome, ${name}!`);
  },

  logout({ session }) {
    session.logout();
    session.flash("notice", "You are logged out.");
  },

  // The id comes from a form and may be anything: revoke() ends sessions of this user, and of no other.
  async revoke({ session, stored }, field) {
    if (session.subject === undefined) return session.flash("notice", "Log in first.");
    if (stored === undefined) return session.flash("notice", NO_STORE);
    const ended = await stored.revoke(session.subject, field("id"));
    session.flash("notice", ended ? "That session is logged out." : "That session was over already.");
  },

  async "logout-others"({ session, stored }) {
    if (session.subject === undefined) return session.flash("notice", "Log in first.");
    if (stored === undefined) return session.flash("notice", NO_STORE);
    const { count, effect } = await stored.revokeAll(session.subject, { except: session.id });
    const when = effect === "now" ? "" : " Elsewhere in the world that may take a minute.";
    session.flash("notice", `${count} other ${count === 1 ? "session is" : "sessions are"} logged out.${when}`);
  },

  "new-id"({ session }) {
    session.regenerateId();
    session.flash("notice", "The session goes on under a new id.");
  },

  // The new list depends on the old one, so it is made of what the store holds at that moment: another window may have written.
  async "cart-add"({ session }, field) {
    const item = field("item").slice(0, LONGEST_ITEM);
    if (item === "") return session.flash("notice", "Please say what to add.");
    const fits = await session.update((data) => {
      const cart = data.cart ?? [];
      if (cart.length < MOST_ITEMS) data.cart = [...cart, item];
      return cart.length < MOST_ITEMS;
    });
    if (!fits) session.flash("notice", `The cart is full: it holds ${MOST_ITEMS} things.`);
  },

  async "cart-remove"({ session }, field) {
    await session.update((data) => {
      const cart = data.cart ?? [];
      const index = cart.indexOf(field("item"));
      if (index !== -1) data.cart = cart.toSpliced(index, 1);
    });
  },
};
