/**
 * The hooks of an application's features, combined.
 *
 * @module
 */

import type { Feature, Hooks } from "./contract.ts";
import type { Manager } from "./manager.ts";

/** Combines the hooks of all features. Only `lines` may come from several. */
export function hooksOf(features: readonly Feature[], manager: Manager): Hooks {
  const made = features.map((feature) => feature["~feature"](manager as never, feature as never) as Hooks);
  const lines = made.flatMap((hooks) => hooks.lines ?? []);
  const all: Hooks = Object.assign({}, ...made);
  if (lines.length > 1) all.lines = async (...given) => (await Promise.all(lines.map((one) => one(...given)))).flat();
  return all;
}
