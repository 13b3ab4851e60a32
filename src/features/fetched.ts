/**
 * Secrets that are fetched: from a binding such as Cloudflare's Secrets Store, or by the application's own function.
 *
 * @module
 */
import { OptionError } from "../ground/errors.ts";
import { once } from "../ground/maybe-promise.ts";
import { type CheckedSecret, checkList, type FetchedSecrets, type Secret } from "../token/secrets.ts";

export type { FetchedSecrets } from "../token/secrets.ts";

/** A source of one secret, such as a binding of Cloudflare's Secrets Store. */
export interface SecretBinding {
  /** The secret's text. */
  get(): Promise<string>;
}

/** One or several secrets, newest first (undefined entries are skipped), or a function that returns them. */
export type SecretProvider =
  | SecretBinding
  | readonly (SecretBinding | Secret | undefined)[]
  | (() => Promise<Secret | readonly (Secret | undefined)[]>);

/**
 * For the option `secrets`: secrets that must be fetched. They are fetched at first use. Until they are there, each
 * request that needs them fetches them, too, and so does the next one after a failure.
 *
 * @throws OptionError with `ERR_SECRET`, when a request needs them, if the provider fails
 * or returns an invalid secret.
 *
 * @example
 * ```ts
 * import { fetched } from "web-session-store/secrets";
 *
 * const sessions = createSessions({ secrets: fetched(env.SECRET_BINDING) });
 * ```
 */
export function fetched(provider: SecretProvider): FetchedSecrets {
  if (typeof provider !== "function" && !Array.isArray(provider) && !isBinding(provider as SecretBinding))
    throw new OptionError("ERR_SECRET", "Cannot fetch secrets: give a binding with get(), a list of them, or a function");
  return Object.freeze({ provider, "~fetch": once(async () => checkList(await all(provider))) });
}

async function all(provider: SecretProvider): Promise<Exclude<Secret, undefined>[]> {
  const given = typeof provider === "function" ? await asked(provider) : provider;
  const list: readonly (SecretBinding | Secret | undefined)[] = Array.isArray(given) ? given : [given];
  const secrets = await Promise.all(list.map((one) => (isBinding(one) ? asked(() => one.get()) : one)));
  return secrets.filter((secret) => secret !== undefined);
}

function isBinding(given: SecretBinding | Secret | undefined): given is SecretBinding {
  return typeof given === "object" && given !== null && typeof (given as { get?: unknown }).get === "function";
}

/** The provider's own error may contain what it worked with. */
async function asked<Value>(get: () => Promise<Value>): Promise<Value> {
  try {
    return await get();
  } catch {
    throw new OptionError("ERR_SECRET", "Cannot fetch the secrets: their provider failed. Call it yourself to see its error");
  }
}

export type { CheckedSecret };
