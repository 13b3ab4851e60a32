/** Stories as plain cases, which any runtime can run without a test framework. */

/** One case. It passes by resolving, and fails by rejecting. */
export interface Story {
  /** What happens, as a sentence. */
  readonly name: string;
  run(): Promise<void>;
}

/** One story. */
export function story(name: string, run: () => void | Promise<void>): Story {
  return { name, run: async () => run() };
}

/** Stories under a common name. */
export function chapter(name: string, stories: readonly Story[]): Story[] {
  return stories.map((one) => ({ name: `${name}: ${one.name}`, run: () => one.run() }));
}

/** Lets everything run that was ready to. Not every runtime has setImmediate(). */
export function everybodyElse(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
