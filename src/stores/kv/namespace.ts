/**
 * What the KV store asks of a Workers KV namespace, how it reads a whole list, and how it takes a refusal.
 *
 * @module
 */

/** The methods of a Workers KV binding that are used. `env.SESSIONS_KV` has them; so may a test's own. */
export interface KvNamespace {
  /** The text under a key, or null. For `cacheTtl` seconds this location may answer from its cache, also with null. */
  get(key: string, options: { type: "text"; cacheTtl: number }): Promise<string | null>;
  put(key: string, value: string, options: { expirationTtl: number; metadata?: unknown }): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { prefix: string; cursor?: string }): Promise<KvPage>;
}

/** One page of a list of keys. It may be empty and not the last one. */
export interface KvPage {
  readonly keys: readonly { readonly name: string; readonly metadata?: unknown }[];
  readonly list_complete: boolean;
  readonly cursor?: string;
}

/** KV takes one write a second to each key. https://developers.cloudflare.com/kv/api/write-key-value-pairs/ */
const RETRY_AFTER_MS = 1100;

/** Every key that starts so, with its metadata, from all pages. An empty page need not be the last one. */
export async function allKeys(namespace: KvNamespace, prefix: string): Promise<KvPage["keys"][number][]> {
  const found: KvPage["keys"][number][] = [];
  let cursor: string | undefined;
  do {
    const page = await namespace.list(cursor === undefined ? { prefix } : { prefix, cursor });
    found.push(...page.keys);
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** Whether KV refused a write because the key was written less than a second ago. */
export function isRateLimited(error: unknown): boolean {
  return error instanceof Error && /\b429\b/.test(error.message);
}

/** Runs a write; when KV refuses it because of the second, once more after that. Waits by `sleep`, in milliseconds. */
export async function twice<Result>(
  write: () => Promise<Result>,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (!isRateLimited(error)) throw error;
  }
  await sleep(RETRY_AFTER_MS);
  try {
    return await write();
  } catch (error) {
    if (!isRateLimited(error)) throw error;
    const message = "Cannot write the session: KV takes one write a second to each key, and others were faster twice";
    throw Object.assign(new Error(message), { code: "KV_RATE_LIMITED", retryable: true });
  }
}
