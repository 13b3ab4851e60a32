/** The benchmark runs, all of it: peers are installed, every application is checked, and every part makes its table. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const RESULTS = "bench/results.md";
const written = () => (existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "");

/** The first cells of the rows below a title. */
function rows(text: string, title: string): string[] {
  const part = text.split(/^##+ /m).find((section) => section.startsWith(title)) ?? "";
  return [...part.matchAll(/^\| (.+?) \|/gm)].map(([, name]) => name as string);
}

describe("npm run bench -- --quick", () => {
  it("times every scenario with ours and with peers, makes all other tables, and leaves the results alone", async () => {
    const before = written();
    const { stdout } = await promisify(execFile)("npm", ["run", "bench", "--", "--quick"], { maxBuffer: 1e7 });
    for (const scenario of ["S1", "S2", "S3", "S4a", "S4b", "S4c", "S5", "S6", "S7"]) {
      const names = rows(stdout, scenario);
      expect(names.filter((name) => name.startsWith("ours: ")).length, scenario).toBeGreaterThan(2);
      expect(names.filter((name) => !name.startsWith("ours: ")).length, scenario).toBeGreaterThan(1);
    }
    expect(rows(stdout, "Budgets")).toHaveLength(19);
    expect(rows(stdout, "sockets")).toContain("koa-session (cookie)");
    for (const database of ["Redis", "PostgreSQL", "MariaDB", "SQLite"]) {
      expect(rows(stdout, `${database}: requests a second`)).toContain("ours: Hono");
    }
    expect(rows(stdout, "Redis: round trips")).toContain("koa-session, koa-redis");
    expect(rows(stdout, "PostgreSQL: round trips")).toContain("express-session, connect-pg-simple");
    expect(rows(stdout, "MariaDB: round trips")).toContain("express-session, express-mysql-session");
    for (const database of ["PostgreSQL", "MariaDB"])
      expect(rows(stdout, `${database}: a session loaded by its id`)).toHaveLength(2);
    expect(rows(stdout, "growth")).toContain("store, 1e3 sessions");
    expect(rows(stdout, "workerd")).toContain("read encrypted");
    expect(rows(stdout, "start")).toContain("hono-sessions");
    expect(rows(stdout, "sizes")).toContain("iron-session");
    expect(written()).toBe(before);
  }, 600_000);
});
