/**
 * Random bytes, drawn from the runtime's generator many at a time: one draw costs as much as all else that makes a session id.
 *
 * @module
 */

const POOL_BYTES = 2048;

// Filled at the first use: Workers allow no random bytes while a module loads.
let pool = new Uint8Array(0);
let taken = 0;

/** So many random bytes, at most 2048, that nobody else gets. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  if (taken + count > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES));
    taken = 0;
  }
  const bytes = pool.slice(taken, taken + count);
  // What is handed out is a secret of somebody else's now.
  pool.fill(0, taken, taken + count);
  taken += count;
  return bytes;
}
