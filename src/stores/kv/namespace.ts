/**
 * What the KV store uses of a Workers KV namespace, with paging and the retry after a rate limit.
 *
 * @module
 */

/** The methods used of a Workers KV binding such as `env.SESSIONS_KV`. */
export interface KvNamespace {
  /** The text under a key, or null. The location may return a cached result, including null, for `cacheTtl` seconds. */
  get(key: string, options: { type: "text"; cacheTtl: number }): Promise<string | null>;
  put(key: string, value: string, options: { expirationTtl: number; metadata?: unknown }): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { prefix: string; cursor?: string }): Promise<KvPage>;
}

/** One page of a list of keys. A page may be empty without being the last. */
export interface KvPage {
  readonly keys: readonly { readonly name: string; readonly metadata?: unknown }[];
  readonly list_complete: boolean;
  readonly cursor?: string;
}

/** KV allows one write per second and key. https://developers.cloudflare.com/kv/api/write-key-value-pairs/ */
const RETRY_AFTER_MS = 1100;

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

export function isRateLimited(error: unknown): boolean {
  return error instanceof Error && /\b429\b/.test(error.message);
}

/** Runs a write, and retries it once if KV's limit of one write per second refused it. `sleep` takes milliseconds. */
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
    const message = "Cannot write the session: KV allows one write per second and key, and refused both tries. Retry the request";
    throw Object.assign(new Error(message), { code: "KV_RATE_LIMITED", retryable: true });
  }
}
