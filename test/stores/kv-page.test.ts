/** docs/kv.md says how late KV is: each row of its table of bounds, word for word, has tests of test/stores/kv-bounds.test.ts that show it. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** What a row of the page says, and the titles of the tests that show it. */
const BOUNDS: readonly [row: string, ...shownBy: string[]][] = [
  [
    "| a login | works at once | may be missing for a minute |",
    "the same location reads the session at once",
    "another location reads nothing for up to 60 seconds",
  ],
  [
    "| a write | visible at once | visible within a minute |",
    "the same location reads it at once",
    "another location reads it up to 60 seconds later",
  ],
  [
    "| a second write | within a second: waits 1.1 seconds, keeps both | **within a minute: the first is lost**, even of another key |",
    "a second write in the same location waits 1.1 seconds, and keeps both",
    "a write of another key, in another location within 60 seconds, undoes it",
  ],
  [
    "| a logout, or a login for the visitor's old id | ends at once | readable for up to a minute |",
    "the same location reads nothing at once",
    "another location reads the session for up to 60 seconds",
    "the visitor's id that came before is dead everywhere after 60 seconds",
  ],
  [
    "| a logout, then a late write | stays ended | stays ended after that minute |",
    "a late write in the same location does not bring the session back",
    "in one location, in every order of KV's own calls, no write or touch revives a session that is removed",
    "a late write in another location does not bring the session back, nor make it last longer than 60 seconds",
    "a session that ended is read at once no more where it ended, and nowhere after 60 seconds, ever",
  ],
  [
    "| `regenerateId()`, then a logout with the old id | both end; **at the same moment, the new id may stay** | **within a minute, the new id stays** |",
    "with an old id, in the same location, the session under its new id ends, too",
    "in one location, a new id and a logout at the same moment leave no session, or one under the new id",
    "a new id made within 60 seconds before, in another location, or at the same moment, keeps the session",
  ],
  [
    "| `regenerateId()` in two locations within a minute | **two sessions**, a logout ends one | the same |",
    "a session that got new ids in two locations within 60 seconds is two sessions, and only one of them ends",
  ],
  [
    "| new ids in one location, a logout a minute later | all ids end | all ids end within a minute |",
    "also under every id it had, if these were made in one location, and the last of them 60 seconds before",
  ],
  [
    "| `revokeAll()` | ends at once, but **sessions younger than a minute stay** | the same, within a minute |",
    "other locations read the user's sessions for up to 60 seconds, and then no more",
    "a session that began within the 60 seconds before goes on, until removeAll is called again",
  ],
  [
    "| a write or logout, for `list` | shown within a minute | the same |",
    "list shows the ended sessions for up to 60 seconds, and sessions of the last 60 seconds are missing",
  ],
  ["| any write | all locations agree after a minute | the same |", "all locations agree 60 seconds after the last write"],
];

/** What the page says below the table. */
const SLOW = "If a location sees its own writes late, a logout takes up to a minute there, too.";
const SHOWS_SLOW = "a location that hides its own writes for a while reads the session for up to 60 seconds, too";

const page = readFileSync("docs/kv.md", "utf8");
const tests = readFileSync("test/stores/kv-bounds.test.ts", "utf8");
const [, table = ""] = /\n\| after \|.+\n\|[-|]+\|\n((?:\|.+\n)+)/.exec(page) ?? [];

/** Fails for a title that no test has. */
function isShown(title: string): void {
  expect(tests).toContain(`it(${JSON.stringify(title)}, `);
}

it("the page has these rows, and no others", () => {
  expect(table.trim().split("\n")).toEqual(BOUNDS.map(([row]) => row));
});

it.each(BOUNDS)("%s", (_row, ...shownBy) => {
  expect(shownBy).not.toEqual([]);
  shownBy.forEach(isShown);
});

it(SLOW, () => {
  expect(page).toContain(SLOW);
  isShown(SHOWS_SLOW);
});
