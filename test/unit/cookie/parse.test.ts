/** Reading one cookie's values from whatever a client sends. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieValues, MAX_COOKIE_BYTES } from "../../../src/cookie/parse.ts";

const NAME = "session";
const TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz";
const VALUE_CHARACTERS = "!#$%&'()*+-./:<=>?@[]^_`{|}~0123456789ABCXYZabcxyz";

function valuesOf(header: string): readonly string[] {
  return cookieValues(header, NAME).values;
}

describe("cookieValues()", () => {
  it("finds nothing without a header, and in an empty one", () => {
    expect(cookieValues(null, NAME)).toEqual({ values: [], oversize: false, tooMany: false });
    expect(cookieValues("", NAME)).toEqual({ values: [], oversize: false, tooMany: false });
  });

  it.each([
    ["alone", "session=abc"],
    ["first", "session=abc; a=1"],
    ["last", "a=1; session=abc"],
    ["in the middle", "a=1; session=abc; b=2"],
    ["without a space after the separator", "a=1;session=abc;b=2"],
    ["with much white space around it", " \t session=abc \t ; a=1"],
    ["after empty pairs", ";;; ; session=abc;;"],
    ["after a pair without a value", "flag; session=abc"],
    ["that a comma ends, as in fields joined by commas", "session=abc, b=2"],
  ])("finds a value %s", (_, header) => {
    expect(cookieValues(header, NAME)).toEqual({ values: ["abc"], oversize: false, tooMany: false });
  });

  it.each([
    ["a longer name that ends the same", "xsession=abc"],
    ["a longer name that begins the same", "session2=abc"],
    ["a name after a prefix", "__Host-session=abc"],
    ["a name before a suffix", "session-visitor=abc"],
    ["a name twice over", "sessionsession=abc"],
    ["upper case", "SESSION=abc"],
    ["mixed case", "Session=abc"],
    ["a space before the equals sign", "session =abc"],
    ["no equals sign", "session; a=1"],
    ["no equals sign at the end", "a=1; session"],
    ["a value that is the name", "a=session"],
    ["a value that holds the pair", "a=session=abc"],
    ["a value that holds the pair after a space", "a=1 session=abc"],
    ["a value that holds the pair in quotes", 'a="session=abc"'],
    ["a line break before the name", "a=1;\nsession=abc"],
    ["a no-break space before the name", "a=1;\u00a0session=abc"],
  ])("does not take %s for the cookie", (_, header) => {
    expect(cookieValues(header, NAME)).toEqual({ values: [], oversize: false, tooMany: false });
  });

  it("compares a prefix case by case, as browsers guard only the exact spelling", () => {
    const header = "__SeCuRe-x=evil; __secure-x=evil; __Secure-x=good; __SECURE-x=evil";
    expect(cookieValues(header, "__Secure-x").values).toEqual(["good"]);
  });

  it("takes the characters of a name literally", () => {
    expect(cookieValues("a+b=1; a.b=2; axb=3; aab=4", "a.b").values).toEqual(["2"]);
    expect(cookieValues("a+b=1; a.b=2; axb=3; aab=4", "a+b").values).toEqual(["1"]);
  });

  it("finds a name after a text that overlaps with it", () => {
    expect(cookieValues("aaa=1; aa=2", "aa").values).toEqual(["2"]);
    expect(cookieValues("abab=1; ab=2", "ab").values).toEqual(["2"]);
  });

  it("keeps the order of the header", () => {
    expect(valuesOf("session=c; a=1; session=a; session=b")).toEqual(["c", "a", "b"]);
  });

  it("keeps equals signs, quotes and dots of a value, and decodes nothing", () => {
    expect(valuesOf('session="a=b.c%20d=="')).toEqual(['"a=b.c%20d=="']);
  });

  it("drops white space after a value, and only there", () => {
    expect(valuesOf("session=a b \t; x=1")).toEqual(["a b"]);
  });

  it("reads an empty value as an empty text", () => {
    expect(valuesOf("session=")).toEqual([""]);
    expect(valuesOf("session=; session=abc")).toEqual(["", "abc"]);
    expect(valuesOf("session=   ; a=1")).toEqual([""]);
  });

  it("reads Cookie lines that the platform has joined", () => {
    const headers = new Headers([
      ["cookie", "session=a; x=1"],
      ["cookie", "session=b"],
    ]);
    expect(valuesOf(headers.get("cookie") ?? "")).toEqual(["a", "b"]);
  });

  it("reads Cookie lines joined by a semicolon", () => {
    expect(valuesOf("session=a; session=b")).toEqual(["a", "b"]);
  });

  it("starts no cookie after a comma: browsers keep one in a value, which another host below the domain can set", () => {
    expect(valuesOf("theme=1, session=evil")).toEqual([]);
    expect(valuesOf("theme=1,session=evil; session=a")).toEqual(["a"]);
  });

  it("gives a value once, however often it comes", () => {
    expect(valuesOf("session=a; session=b; session=a; session=b")).toEqual(["a", "b"]);
    expect(cookieValues("session=a; ".repeat(1000), NAME)).toEqual({ values: ["a"], oversize: false, tooMany: false });
  });

  it("gives four different values, and says so when there are more", () => {
    const four = "session=a; session=b; session=c; session=d";
    expect(cookieValues(four, NAME)).toEqual({ values: ["a", "b", "c", "d"], oversize: false, tooMany: false });
    expect(cookieValues(`${four}; session=a`, NAME).tooMany).toBe(false);
    expect(cookieValues(`${four}; session=e`, NAME)).toMatchObject({ tooMany: true });
  });

  it("says that a thousand different values are too many, and gives at most four", () => {
    const { values, tooMany } = cookieValues(Array.from({ length: 1000 }, (_, i) => `session=${i}`).join("; "), NAME);
    expect(tooMany).toBe(true);
    expect(values).toHaveLength(4);
  });

  it("takes a cookie of exactly the size that browsers keep, and leaves out a longer one", () => {
    const longest = "v".repeat(MAX_COOKIE_BYTES - NAME.length);
    expect(cookieValues(`session=${longest}`, NAME)).toEqual({ values: [longest], oversize: false, tooMany: false });
    expect(cookieValues(`session=${longest}v`, NAME)).toEqual({ values: [], oversize: true, tooMany: false });
  });

  it("finds the other values beside an over-long one", () => {
    const header = `session=a; session=${"v".repeat(5000)}; session=b`;
    expect(cookieValues(header, NAME)).toEqual({ values: ["a", "b"], oversize: true, tooMany: false });
  });

  it("does not count over-long values among the four", () => {
    const long = Array.from({ length: 10 }, (_, i) => `session=${i}${"v".repeat(5000)}`).join("; ");
    expect(cookieValues(`${long}; session=a`, NAME)).toEqual({ values: ["a"], oversize: true, tooMany: false });
  });

  it("does not mind how long other cookies are", () => {
    expect(cookieValues(`x=${"v".repeat(5000)}; session=a`, NAME)).toEqual({ values: ["a"], oversize: false, tooMany: false });
  });

  it.each([
    ["the name", "session"],
    ["the name and the equals sign", "session="],
    ["the name and a space", "session "],
    ["empty cookies", "session=;"],
    ["separators", ";"],
    ["spaces", " "],
    ["spaces and separators before the name", `${" ".repeat(1000)};${" ".repeat(1000)}session`],
    ["values that nearly fit", `session=${"v".repeat(4090)};`],
    ["values that are too long", `session=${"v".repeat(4091)};`],
    ["other cookies", "a=1; "],
  ])("reads a megabyte of %s in well under a second", (_, piece) => {
    const header = piece.repeat(Math.ceil(1_000_000 / piece.length));
    const started = performance.now();
    cookieValues(header, NAME);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it("never throws, and never gives more than four values or one that is over-long", () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    const pieces = fc
      .array(fc.constantFrom("session", "=", ";", ",", " ", "\t", "x", "session=a", "; session="))
      .map((all) => all.join(""));
    fc.assert(
      fc.property(fc.oneof(units, pieces), (header) => {
        const { values } = cookieValues(header, NAME);
        expect(values.length).toBeLessThanOrEqual(4);
        expect(new Set(values).size).toBe(values.length);
        for (const value of values) {
          expect(value).not.toMatch(/[;,]/);
          expect(header).toContain(`session=${value}`);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("finds the value planted in a well-formed header, and nothing else", () => {
    const name = fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS), minLength: 1, maxLength: 8 });
    const value = fc.string({ unit: fc.constantFrom(...VALUE_CHARACTERS), maxLength: 12 });
    const tricky = fc.constantFrom(
      "a=1, session=evil",
      "xsession=evil",
      "session2=evil",
      "a=session=evil",
      "Session=evil",
      "session",
    );
    const others = fc.array(
      fc.oneof(
        tricky,
        fc.tuple(name, value).map(([n, v]) => `${n}=${v}`),
      ),
    );
    const separator = fc.constantFrom("; ", ";");
    fc.assert(
      fc.property(others, others, value, separator, (before, after, planted, between) => {
        const header = [...before, `session=${planted}`, ...after].join(between);
        expect(cookieValues(header, NAME)).toEqual({ values: [planted], oversize: false, tooMany: false });
      }),
      { numRuns: 500 },
    );
  });
});
