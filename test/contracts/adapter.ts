/** What every adapter must do: the portable stories, as tests of Vitest. */
import { it } from "vitest";
import { adapterStories, type MakeApp } from "../portable/adapter-stories.ts";

export type { Data, Route } from "../portable/adapter-stories.ts";

/** Runs the stories. */
export function adapterContract(name: string, makeApp: MakeApp): void {
  for (const story of adapterStories(makeApp)) it(`${name}: ${story.name}`, story.run);
}
