/** How statements are counted at a client of an SQL server, and what is said of a load next to a bare SELECT. */
import { describe, expect, it } from "vitest";
import { checkBare, renderBare } from "../../bench/stores/bare.ts";
import { Statements } from "../../bench/stores/statements.ts";

describe("Statements", () => {
  it("counts what connections send, in whatever form, and hands it on as it is", () => {
    const sent: unknown[] = [];
    const connection = {
      name: "a connection",
      query(...given: unknown[]) {
        sent.push([this.name, ...given]);
        return "answer";
      },
      ping: () => "pong",
    };
    const statements = new Statements();
    statements.watch(connection, "query");
    expect(connection.query("select 1", [2])).toBe("answer");
    connection.query({ text: " WITH a AS (SELECT 1) SELECT 2" });
    connection.query({ sql: "COMMIT" });
    connection.ping();
    expect(sent[0]).toEqual(["a connection", "select 1", [2]]);
    expect(statements.traffic()).toEqual({ turns: 3, words: ["SELECT", "WITH", "COMMIT"] });
    expect(statements.traffic()).toEqual({ turns: 0, words: [] });
  });
});

describe("a load next to a bare SELECT", () => {
  const found = { time: { median: 1.25, spread: 0.1 }, processor: { median: 1.1, spread: 0.2 } };

  it("is a table", () => {
    expect(renderBare("Oracle", found)).toContain("| 1.25 ± 0.10 | 1.10 ± 0.20 |");
  });

  it("may take a fifth more", () => {
    expect(checkBare("Oracle", found)).toMatchObject([
      { what: "Oracle, load next to a bare SELECT, time", limit: "1.20 of it at most", found: "1.25", met: false },
      { what: "Oracle, load next to a bare SELECT, processor time", found: "1.10", met: true },
    ]);
  });
});
