/** What is checked about histories finds what is wrong with them, and nothing else. */
import { describe, expect, it } from "vitest";
import { said } from "./calls.ts";
import { explain } from "./explain.ts";
import {
  BAD,
  create,
  GOOD,
  history,
  IN_PARTS,
  load,
  NOT_IN_PARTS,
  NOTHING,
  no,
  ok,
  type Row,
  record,
  remove,
  update,
} from "./known.ts";
import { isLinearizable, withParts } from "./linearizable.ts";

describe("a history can be explained:", () => {
  it.each(GOOD)("%s", (_what, rows) => {
    expect(explain(history(rows))).toBeNull();
  });
});

describe("a history cannot be explained:", () => {
  it.each(BAD)("%s", (_what, rows) => {
    expect(isLinearizable(history(rows))).toBe(false);
  });
});

describe("with a removal in several transactions, a history can be explained:", () => {
  it.each([...GOOD, ...IN_PARTS])("%s", (_what, rows) => {
    expect(explain(withParts(history(rows)))).toBeNull();
  });
  it.each(IN_PARTS)("only then: %s", (_what, rows) => {
    expect(isLinearizable(history(rows))).toBe(false);
  });
});

describe("with a removal in several transactions, a history cannot be explained:", () => {
  it.each([...BAD, ...NOT_IN_PARTS])("%s", (_what, rows) => {
    expect(isLinearizable(withParts(history(rows)))).toBe(false);
  });
});

describe("an explanation", () => {
  it("ends with the first answer that nothing explains, and leaves out what does not matter", () => {
    const rows: Row[] = [
      [create, NOTHING, 0, 1],
      [load, said(record({})), 2, 3],
      [update("y", "0", 7), no("conflict"), 4, 5],
      [update("x", "1"), ok(2), 6, 7],
      [load, said(record({})), 8, 9],
      [remove, NOTHING, 10, 11],
    ];
    const text = explain(history(rows)) ?? "";
    expect(text.split("\n").map((line) => line.replace(/^ *[\d.]+ to [\d.]+ ms +/, "").slice(0, 10))).toEqual([
      ...["No order o", "0        c", "3        u", "4        l"],
    ]);
  });

  it("is found at once also where 12 calls have no answer", () => {
    const lost = Array.from({ length: 12 }, (_none, index): Row => [update(`k${index}`, "1"), undefined, 2, 2]);
    const rows: Row[] = [[create, NOTHING, 0, 1], ...lost, [load, said(record({ x: 1 }, { version: 2 })), 3, 4]];
    expect(isLinearizable(history(rows))).toBe(false);
  });
});
