/** The usual way, for platforms where no package of it runs: the same behavior, over the same store. */
import type { Rival } from "./places.ts";

export const wholeRival: Rival = {
  title: "The usual way",
  code: "session.whole = { ...whole, [item]: true };",
  about: "Like express-session and koa-session, but stored in the same place. It reads and writes the whole session.",
};
