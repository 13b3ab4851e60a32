/**
 * The managers behind the Koa middleware: one with `secrets`, or those of the compatible mode, by the application's keys.
 *
 * @module
 */
import type { SessionOptions } from "../../index.ts";
import { partsFor } from "../../manager/assemble.ts";
import { sessionsOf } from "../../manager/sessions.ts";
import { settle } from "../../manager/settle.ts";
import { nodeCrypto } from "../../node.ts";
import { methodsOn } from "../express-methods.ts";
import { managersByKeys } from "./app-keys.ts";
import { checkCompatible, compatibleManagers } from "./compatible.ts";
import type { Managers } from "./middleware.ts";
import { sessionStore } from "./store.ts";
import type { KoaOptions, KoaSecretOptions } from "./types.ts";

/** What the data inherits. */
const DATA = methodsOn(null);

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
  return managersByKeys((keys) => compatibleManagers(options, store, keys));
}

/** Whether they are asked for, if only by a variable that is not set: that must not bring readable cookies. */
export function hasSecrets(options: KoaOptions | KoaSecretOptions): options is KoaSecretOptions {
  return typeof options === "object" && "secrets" in options;
}
