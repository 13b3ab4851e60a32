/**
 * The stores that Koa's middleware accepts, including the three-method stores of koa-session-store.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import type { SessionStore } from "../../index.ts";
import { checkStore, misunderstood } from "../../manager/store-option.ts";
import type { DefinedStore } from "../../stored/define.ts";
import { type PlainStore, plain } from "../../stores/bridges/plain.ts";

/** A store: one with three methods, a SessionStore, or `"cookie"` for none. */
export type KoaStore = PlainStore | DefinedStore | "cookie";

/** The store behind the option, or undefined for cookies. @throws OptionError if it is not a store. */
export function sessionStore(store: KoaStore | null | undefined): DefinedStore | undefined {
  if (!store || store === "cookie") return undefined;
  const { guarantees, load, save } = store as Partial<SessionStore & PlainStore>;
  // Stores that lack one of the three methods get a message about it. Redis clients have a method save, but no load.
  if (misunderstood(store)?.startsWith("use connect"))
    cannot(
      "use option store",
      "it is made for another library. For one of koa-session, use session of web-session-store/koa-session; for one of Express, connect(store) of web-session-store/stores/connect.",
    );
  const isPlain = guarantees === undefined && ((load && save) || misunderstood(store) === undefined);
  if (isPlain) return plain(store as PlainStore);
  checkStore(store as DefinedStore);
  return store as DefinedStore;
}
