/**
 * The adapter contract as cases without a test framework.
 *
 * @module
 */
import type { SessionOptions } from "../../manager/options.ts";
import { memory } from "../../stores/memory/index.ts";
import { answerStories } from "./answers.ts";
import type { MakeApp } from "./app.ts";
import { lifeStories } from "./life.ts";
import { storeFailureStories } from "./store-failures.ts";
import { chapter, tell } from "./story.ts";
import { throwStories } from "./throws.ts";

/** One case of the contract. */
export interface AdapterCase {
  /** What the adapter does, as a sentence. */
  readonly name: string;
  /** Passes by resolving; fails by rejecting with an error that says what was expected. */
  run(): Promise<void>;
}

const KINDS: [string, () => Partial<SessionOptions>][] = [
  ["in an encrypted cookie", () => ({})],
  ["in a readable cookie", () => ({ readable: true })],
  ["in a store", () => ({ store: memory() })],
  ["in a store, loaded when asked for", () => ({ store: memory(), lazy: true })],
];

/**
 * The cases that every adapter is held to, whatever its framework and for any test runner: what a browser sees over several requests to an
 * application with the adapter. Time is not waited for.
 *
 * @param makeApp Makes the application of a case; called once or more for each, and closed after it.
 *
 * @example
 * ```ts
 * import { adapterContract } from "web-session-store/testing";
 * import { test } from "vitest";
 *
 * for (const { name, run } of adapterContract((options, routes) => makeApp(options, routes))) test(name, run);
 * ```
 */
export function adapterContract(makeApp: MakeApp): AdapterCase[] {
  const stored = () => ({ store: memory() });
  const stories = [
    ...KINDS.flatMap(([where, kind]) => chapter(`a session ${where}`, lifeStories, kind)),
    ...chapter("responses", [...answerStories, ...throwStories], stored),
    ...chapter("a store that fails", storeFailureStories),
  ];
  return stories.map((story) => ({ name: story.name, run: () => tell(story, makeApp) }));
}
