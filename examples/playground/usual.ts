/** The usual way, for platforms where no package of it runs: the same behavior, over the same store. */
import type { Rival } from "./places.ts";

export const wholeRival: Rival = {
  title: "The usual way",
  code: "session.whole = { ...whole, [item]: true };",
  about:
    "As express-session and koa-session do it, but kept in the same place: the whole session is read, and the whole is written.",
};
