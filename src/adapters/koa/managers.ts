/**
 * The managers behind the Koa middleware: one with `secrets`, or those of the compatible mode, by the application's keys.
 *
 * @module
 */
import { cannot } from "../../ground/errors.ts";
import type { SessionOptions, Sessions } from "../../index.ts";
import { partsFor } from "../../manager/assemble.ts";
import { sessionsOf } from "../../manager/sessions.ts";
import { settle } from "../../manager/settle.ts";
import { nodeCrypto } from "../../node.ts";
import { methodsOn } from "../express-methods.ts";
import { checkCompatible, compatibleManagers } from "./compatible.ts";
import { sessionStore } from "./store.ts";
import type { AppKeys, KoaContext, KoaOptions, KoaSecretOptions } from "./types.ts";

/** What the data inherits. */
const DATA = methodsOn(null);

/** The managers of one middleware. */
export interface Managers {
  for(ctx: KoaContext): Sessions<never>;
  /** One for those who have no request. */
  one(): Sessions<never>;
}

/** The manager of a middleware with secrets. */
export function ownManager({ store: given, crypto = nodeCrypto, ...rest }: KoaSecretOptions): Managers {
  const store = sessionStore(given);
  const settings = settle({ ...rest, crypto, store } as SessionOptions);
  const sessions = sessionsOf<never>({ ...partsFor(settings), prototype: DATA });
  return { for: () => sessions, one: () => sessions };
}

/** The managers of a middleware without: they are made with the keys of the application that is asked. */
export function compatible(options: KoaOptions): Managers {
  checkCompatible(options);
  const store = sessionStore(options.store);
  const made = new WeakMap<object, { keys: AppKeys | undefined; managers: ReturnType<typeof compatibleManagers> }>();
  let latest: Sessions<never> | undefined;
  return {
    for({ app, secure }) {
      let entry = made.get(app);
      if (entry === undefined || !sameKeys(entry.keys, app.keys)) {
        const keys = Array.isArray(app.keys) ? [...app.keys] : app.keys;
        entry = { keys, managers: compatibleManagers(options, store, keys) };
        made.set(app, entry);
      }
      latest = entry.managers.for(secure);
      return latest;
    },
    one() {
      if (latest !== undefined) return latest;
      const why = "without secrets they are made with app.keys, at the first request";
      cannot("get the sessions yet", `${why}; ask then, or give secrets`);
    },
  };
}

/** Whether they are asked for, if only by a variable that is not set: that must not bring readable cookies. */
export function hasSecrets(options: KoaOptions | KoaSecretOptions): options is KoaSecretOptions {
  return typeof options === "object" && "secrets" in options;
}

/** Applications may set new keys at any time, also by changing the list. */
function sameKeys(before: AppKeys | undefined, now: AppKeys | undefined): boolean {
  if (!Array.isArray(before) || !Array.isArray(now)) return before === now;
  return before.length === now.length && before.every((key, index) => key === now[index]);
}
