/**
 * Tables that are made by the first query that misses them.
 *
 * @module
 */

/** Asks; where there is no table, makes it and asks once more. */
export async function makingTable<Result>(
  ask: () => Promise<Result>,
  isMissing: (error: unknown) => boolean,
  make: () => Promise<unknown>,
): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await make();
  return ask();
}
