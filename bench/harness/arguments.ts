/**
 * Parses the arguments of `npm run bench`.
 *
 * @module
 */
import { parseArgs } from "node:util";

/** The parts of the benchmark, with their files. */
export const PARTS = {
  requests: "run.ts",
  stores: "stores.ts",
  sockets: "sockets.ts",
  growth: "growth.ts",
  workerd: "workerd.ts",
  start: "start.ts",
  sizes: "sizes.ts",
} as const;
type Part = keyof typeof PARTS;

export interface Asked {
  /** In the order in which they run. */
  readonly parts: readonly Part[];
  readonly quick: boolean;
  /** The git ref to compare with. */
  readonly against?: string;
}

/** Parses the words after `npm run bench --`. @throws Error that says what cannot be run */
export function askedFor(words: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false }, against: { type: "string" } },
  });
  const { quick, against } = values;
  const names = Object.keys(PARTS) as Part[];
  const unknown = positionals.find((word) => !names.includes(word as Part));
  if (unknown !== undefined) throw new Error(`Cannot run "${unknown}": the parts are ${names.join(", ")}`);
  const parts = names.filter((part) => positionals.length === 0 || positionals.includes(part));
  if (against === undefined) return { parts, quick };
  if (against === "") throw new Error("Cannot compare: --against is followed by no git ref");
  const other = positionals.find((part) => part !== "requests");
  if (other !== undefined) throw new Error(`Cannot compare "${other}" with ${against}: --against times requests alone`);
  return { parts: ["requests"], quick, against };
}
