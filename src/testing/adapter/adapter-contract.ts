/**
 * The adapter contract as cases without a test framework.
 *
 * @module
 */
import type { SessionOptions } from "../../manager/options.ts";
import { memory } from "../../stores/memory/index.ts";
import { type CaseContext, Cause } from "../first-cause.ts";
import { answerStories } from "./answers.ts";
import type { MakeApp } from "./app.ts";
import { basicStories } from "./basics.ts";
import { lifeStories } from "./life.ts";
import { storeFailureStories } from "./store-failures.ts";
import { chapter, tell } from "./story.ts";
import { throwStories } from "./throws.ts";

/** One case of the contract. */
export interface AdapterCase {
  /** What the adapter does, as a sentence. */
  readonly name: string;
  /**
   * Passes by resolving; fails by rejecting with an error that says what was expected. What all cases fail of is told by the first of them
   * that runs. The others are skipped when they get their test's context, which runners hand to the function of a test; without it they fail in
   * one line.
   */
  run(context?: CaseContext): Promise<void>;
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
  let tried: ReturnType<typeof firstFailure> | undefined;
  const failed = () => {
    tried ??= firstFailure(makeApp);
    return tried;
  };
  const basics = basicStories.map((story, index) => async (context?: CaseContext) => {
    const failure = await failed();
    if (failure !== undefined && failure.index <= index) failure.cause.tell(story.name, context);
  });
  const others = stories.map((story) => async (context?: CaseContext) => {
    const failure = await failed();
    if (failure === undefined) await tell(story, makeApp);
    else failure.cause.tell(story.name, context);
  });
  // Jest and others take a function that has a parameter for one that calls back.
  const runs = [...basics, ...others].map(
    (run) =>
      (...given: [CaseContext?]) =>
        run(...given),
  );
  return [...basicStories, ...stories].map(({ name }, index) => ({ name, run: runs[index] as AdapterCase["run"] }));
}

/** The first of the basic stories that fails, and why. */
async function firstFailure(makeApp: MakeApp): Promise<{ index: number; cause: Cause } | undefined> {
  for (const [index, story] of basicStories.entries()) {
    try {
      await tell(story, makeApp);
    } catch (error) {
      return { index, cause: new Cause(error) };
    }
  }
  return undefined;
}
