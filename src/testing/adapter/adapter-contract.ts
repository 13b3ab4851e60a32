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
   * Resolves if the case passes, and rejects with an error that says what was expected. If something is
   * broken that all cases depend on, the first case to run reports it. The others are skipped if you
   * pass the test's context, which runners hand to a test's function. Otherwise they fail in one line.
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
 * Returns the cases that every adapter must pass, for any framework and any test runner. They check what a
 * browser sees over several requests to an application with the adapter. They do not wait for time to pass.
 *
 * @param makeApp Creates the application. Called at least once per case, and each application is closed after it.
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
  // Jest and others treat a declared parameter as a callback.
  const runs = [...basics, ...others].map(
    (run) =>
      (...given: [CaseContext?]) =>
        run(...given),
  );
  return [...basicStories, ...stories].map(({ name }, index) => ({ name, run: runs[index] as AdapterCase["run"] }));
}

/** The first basic story that fails, and its error. */
async function firstFailure(makeApp: MakeApp): Promise<{ index: number; cause: Cause } | undefined> {
  for (const [index, story] of basicStories.entries()) {
    try {
      await tell(story, makeApp);
    } catch (error) {
      return { index, cause: new Cause(error, "a basic case fails") };
    }
  }
  return undefined;
}
