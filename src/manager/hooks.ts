/**
 * The hooks of the features that an application imports, as one.
 *
 * @module
 */

import type { Feature, Hooks } from "./contract.ts";
import type { Manager } from "./manager.ts";

/** The hooks of all features. Each hook has one feature at most, but for lines. */
export function hooksOf(features: readonly Feature[], manager: Manager): Hooks {
  const made = features.map((feature) => feature["~feature"](manager as never, feature as never) as Hooks);
  const lines = made.flatMap((hooks) => hooks.lines ?? []);
  const all: Hooks = Object.assign({}, ...made);
  if (lines.length > 1) all.lines = async (...given) => (await Promise.all(lines.map((one) => one(...given)))).flat();
  return all;
}
