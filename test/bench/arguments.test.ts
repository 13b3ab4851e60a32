/** What npm run bench is asked for, and what it refuses. */
import { describe, expect, it } from "vitest";
import { askedFor } from "../../bench/harness/arguments.ts";

describe("npm run bench --", () => {
  it("runs every part, or those that are named, in their own order", () => {
    expect(askedFor([])).toEqual({
      parts: ["requests", "stores", "sockets", "growth", "workerd", "start", "sizes"],
      quick: false,
    });
    expect(askedFor(["sizes", "--quick", "sockets"])).toEqual({ parts: ["sockets", "sizes"], quick: true });
  });

  it("compares requests with a git ref, and nothing else", () => {
    const compared = { parts: ["requests"], quick: true, against: "HEAD~1" };
    expect(askedFor(["--against", "HEAD~1", "--quick"])).toEqual(compared);
    expect(askedFor(["requests", "--quick", "--against=HEAD~1"])).toEqual(compared);
  });

  it.each(["stores", "sockets", "growth", "workerd", "start", "sizes"])("does not compare %s", (part) => {
    expect(() => askedFor(["requests", part, "--against", "main"])).toThrow(
      `Cannot compare "${part}" with main: --against times requests alone`,
    );
  });

  it.each([
    [["speed"], 'Cannot run "speed": the parts are requests, stores, sockets'],
    [["--against="], "Cannot compare: --against is followed by no git ref"],
    [["--against"], "argument missing"],
    [["--against", "--quick"], "ambiguous"],
    [["--fast"], "--fast"],
  ])("refuses %j", (words, message) => {
    expect(() => askedFor(words)).toThrow(message);
  });
});
