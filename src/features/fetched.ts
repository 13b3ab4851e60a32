/**
 * Secrets that are fetched: from a binding such as Cloudflare's Secrets Store, or by a function of the application's own.
 *
 * @module
 */
import { OptionError } from "../ground/errors.ts";
import { once } from "../ground/maybe-promise.ts";
import { type CheckedSecret, checkList, type FetchedSecrets, type Secret } from "../token/secrets.ts";

export type { FetchedSecrets } from "../token/secrets.ts";

/** What a secret is fetched from: what has a `get()` for its text. */
export interface SecretBinding {
  /** The secret's text. */
  get(): Promise<string>;
}

/** One secret or several, newest first, in which undefined is left out; or a function that gives them. */
export type SecretProvider =
  | SecretBinding
  | readonly (SecretBinding | Secret | undefined)[]
  | (() => Promise<Secret | readonly (Secret | undefined)[]>);

/**
 * For the option `secrets`: secrets that must be fetched. That is done at the first use, by each request that cannot do without them until they
 * are there, and again after a failure.
 *
 * @throws OptionError with `ERR_SECRET`, when a request needs them, if the provider fails or what it gives is no good secret.
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

/** What a provider says about a failure may hold what it failed with. */
async function asked<Value>(get: () => Promise<Value>): Promise<Value> {
  try {
    return await get();
  } catch {
    throw new OptionError("ERR_SECRET", "Cannot get the secrets: their provider failed");
  }
}

export type { CheckedSecret };
