/**
 * The managers behind the Koa middleware: one with `secrets`, or those of the compatible mode for the application's
 * keys.
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

const DATA = methodsOn(null);

export function ownManager({ store: given, crypto = nodeCrypto, ...rest }: KoaSecretOptions): Managers {
  const store = sessionStore(given);
  const settings = settle({ ...rest, crypto, store } as SessionOptions);
  const sessions = sessionsOf<never>({ ...partsFor(settings), prototype: DATA });
  return { for: () => sessions, one: () => sessions };
}

export function compatible(options: KoaOptions): Managers {
  checkCompatible(options);
  const store = sessionStore(options.store);
  return managersByKeys((keys) => compatibleManagers(options, store, keys));
}

/** Whether secrets are given, even if undefined: an unset variable must not lead to readable cookies. */
export function hasSecrets(options: KoaOptions | KoaSecretOptions): options is KoaSecretOptions {
  return typeof options === "object" && "secrets" in options;
}
