/**
 * Secrets: what an application gives, checked for strength.
 *
 * @module
 */
import { whereSecretsGo } from "../ground/advice.ts";
import { encodeUtf8 } from "../ground/encoding.ts";
import { OptionError } from "../ground/errors.ts";
import { type MaybePromise, once } from "../ground/maybe-promise.ts";
import { textOf, weakness } from "./weak.ts";

/**
 * A secret of at least 32 random bytes: as text; as bytes; as a CryptoKey for `HKDF` with the usage `deriveBits`, which need
 * not be extractable; or as something to `get()` the text from, like a binding of Cloudflare's Secrets Store. What is easy to guess is
 * refused, but for a CryptoKey, which nobody can look into.
 */
export type Secret = string | Uint8Array | CryptoKey | { get(): Promise<string> };

/** A secret, or a list of them, newest first, in which undefined is left out; or a function that fetches them at the first use. */
export type Secrets = Secret | readonly (Secret | undefined)[] | (() => Promise<Secret | readonly (Secret | undefined)[]>);

/** A secret that was checked. */
export type CheckedSecret = string | Uint8Array<ArrayBuffer> | CryptoKey;

/** Checked secrets, or what fetches and checks them. */
export type CheckedSecrets = readonly CheckedSecret[] | (() => MaybePromise<readonly CheckedSecret[]>);

const MIN_SECRET_BYTES = 32;
const ADVICE = "Make one with: openssl rand -base64 32";

/**
 * The secrets, newest first; undefined entries are dropped. What must be fetched is fetched at the first use, by each request that
 * cannot do without it until it is there, and again after a failure.
 *
 * @throws {@link OptionError} with `ERR_SECRET` when none is left, one is too easy to guess, or one is given twice; for secrets
 * that are fetched, when they are used.
 */
export function checkSecrets(secrets: Secrets | undefined): CheckedSecrets {
  if (typeof secrets === "function") return once(async () => fetchAll(listOf(await fetched(secrets))));
  const list = listOf(secrets);
  return list.some(isFetched) ? once(() => fetchAll(list)) : checkList(list as Exclude<Secret, { get(): unknown }>[]);
}

function listOf(secrets: Secret | readonly (Secret | undefined)[] | undefined): Secret[] {
  const given = Array.isArray(secrets) ? secrets : [secrets];
  return given.filter((secret) => secret !== undefined);
}

function isFetched(secret: Secret): secret is { get(): Promise<string> } {
  return typeof secret === "object" && secret !== null && typeof (secret as { get?: unknown }).get === "function";
}

async function fetchAll(list: readonly Secret[]): Promise<readonly CheckedSecret[]> {
  const secrets = await Promise.all(list.map((secret) => (isFetched(secret) ? fetched(() => secret.get()) : secret)));
  return checkList(secrets.filter((secret) => secret !== undefined));
}

/** What a provider says about a failure may hold what it failed with. */
async function fetched<Value>(get: () => Promise<Value>): Promise<Value> {
  try {
    return await get();
  } catch {
    throw new OptionError("ERR_SECRET", "Cannot get the secrets: their provider failed");
  }
}

function checkList(list: readonly (string | Uint8Array | CryptoKey)[]): readonly CheckedSecret[] {
  if (list.length === 0)
    throw new OptionError("ERR_SECRET", `Cannot create sessions: no secret is set. ${ADVICE}${whereSecretsGo()}`);
  const checked = list.map(checkSecret);
  const texts = checked.map((secret) => (secret instanceof Uint8Array ? textOf(secret) : secret));
  if (new Set(texts).size < texts.length) throw new OptionError("ERR_SECRET", "Cannot create sessions: a secret is given twice");
  return checked;
}

function checkSecret(secret: string | Uint8Array | CryptoKey, index: number): CheckedSecret {
  const problem = secret instanceof CryptoKey ? keyProblem(secret) : secretProblem(secret);
  const advice = `${ADVICE}${whereSecretsGo()}`;
  if (problem !== undefined) throw new OptionError("ERR_SECRET", `Cannot use secret number ${index + 1}: ${problem}. ${advice}`);
  // Bytes that the application changes later are not the secret.
  return secret instanceof Uint8Array ? Uint8Array.from(secret) : secret;
}

/** Whether a key would be refused as a secret. */
export function looksWeak(secret: string): boolean {
  return secretProblem(secret) !== undefined;
}

function keyProblem({ algorithm, usages }: CryptoKey): string | undefined {
  const fits = algorithm.name === "HKDF" && usages.includes("deriveBits");
  return fits ? undefined : 'it is not a CryptoKey for "HKDF" with the usage "deriveBits"';
}

function secretProblem(secret: string | Uint8Array): string | undefined {
  const isText = typeof secret === "string";
  if (!isText && !(secret instanceof Uint8Array)) return "it is not a string";
  if (secret === "") return "it is empty, so its variable may not be set";
  const bytes = isText ? encodeUtf8(secret) : secret;
  return bytes.length < MIN_SECRET_BYTES ? `it is shorter than ${MIN_SECRET_BYTES} bytes` : weakness(bytes);
}
