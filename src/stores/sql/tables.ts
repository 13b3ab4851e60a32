/**
 * Creates missing tables on first use.
 *
 * @module
 */

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
