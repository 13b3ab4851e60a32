/**
 * Medians and their confidence intervals.
 *
 * @module
 */

/** A median, and half of its approximate 95 % interval. */
export interface Estimate {
  readonly median: number;
  readonly spread: number;
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((left, right) => left - right);
}

function median(values: readonly number[]): number {
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 === 1 ? (all[middle] as number) : ((all[middle - 1] as number) + (all[middle] as number)) / 2;
}

/** The median, with the order statistics that enclose it in 95 of 100 samples. */
export function estimate(values: readonly number[]): Estimate {
  const all = sorted(values);
  const reach = 0.98 * Math.sqrt(all.length);
  const low = all[Math.max(0, Math.floor(all.length / 2 - reach))] as number;
  const high = all[Math.min(all.length - 1, Math.ceil(all.length / 2 + reach))] as number;
  return { median: median(all), spread: (high - low) / 2 };
}
