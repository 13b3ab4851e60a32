/** docs/sql.md shows the table as it is. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { sessionTable } from "../../src/stores/sql/d1.ts";

it("the statements in docs/sql.md are those that make the table", () => {
  const [, shown] = /```sql\n([\s\S]+?)```/.exec(readFileSync("docs/sql.md", "utf8")) ?? [];
  expect(shown).toBe(
    sessionTable()
      .map((sql) => `${sql};\n`)
      .join(""),
  );
});
