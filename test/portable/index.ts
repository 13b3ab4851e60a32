/** The portable suite: every story, and how a runtime runs them. */
import { memory } from "../../src/stores/memory/index.ts";
import { storeContract } from "../../src/testing/index.ts";
import { adapters } from "./adapters.ts";
import { type Platform, platformStories } from "./platform.ts";
import { promises } from "./promises.ts";
import { chapter, type Story } from "./story.ts";
import { sameBytes, tokens } from "./tokens.ts";

/** What came of a run. */
export interface Outcome {
  readonly passed: number;
  /** The names of stories that failed, with what they said. */
  readonly failed: readonly string[];
}

/** The stories that are the same for all runtimes. */
export const stories: Story[] = [
  ...tokens,
  ...sameBytes,
  ...promises,
  ...adapters,
  ...chapter(
    "memory()",
    storeContract(() => memory()),
  ),
];

/** Runs all stories, those about this platform too, one after another. */
export async function run(platform: Platform): Promise<Outcome> {
  let passed = 0;
  const failed: string[] = [];
  for (const { name, run } of [...platformStories(platform), ...stories]) {
    try {
      await run();
      passed++;
    } catch (error) {
      failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { passed, failed };
}
