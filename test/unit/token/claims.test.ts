/** What a token says: which texts are read, and that nothing is lost on the way. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Claims, claimsFromJson, claimsToJson, isFromTheFuture } from "../../../src/token/claims.ts";

const SID = "abcdefghijklmnopqrstuvwxyzABCDEF";
const CLAIMS: Claims = { sid: SID, start: 1000, iat: 2000, exp: 3000 };

function changed(members: Record<string, unknown>): string {
  return JSON.stringify({ ...CLAIMS, ...members });
}

describe("claimsFromJson()", () => {
  it("reads the claims that every token has", () => {
    expect(claimsFromJson(JSON.stringify(CLAIMS))).toEqual(CLAIMS);
  });

  it("reads all claims", () => {
    const said = { route: "eu-1", temp: true, idle: 900, abs: 3600, sub: "alice" };
    const text = changed({ ...said, data: { cart: [1, null] } });
    expect(claimsFromJson(text)).toEqual({ ...CLAIMS, ...said, data: '{"cart":[1,null]}' });
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "sid"],
    ["JSON cut short", JSON.stringify(CLAIMS).slice(0, -1)],
    ["something after the JSON", `${JSON.stringify(CLAIMS)}x`],
    ["a byte order mark", `\ufeff${JSON.stringify(CLAIMS)}`],
    ["null", "null"],
    ["a number", "1"],
    ["a string", '"sid"'],
    ["a list", JSON.stringify([CLAIMS])],
    ["an empty object", "{}"],
    [
      "claims in the prototype key",
      JSON.stringify({ list: [] }).replace("list", "__proto__").replace("[]", JSON.stringify(CLAIMS)),
    ],
  ])("refuses %s", (_, text) => {
    expect(claimsFromJson(text)).toBeNull();
  });

  it.each(["sid", "start", "iat", "exp"])("refuses claims without %s", (member) => {
    expect(claimsFromJson(changed({ [member]: undefined }))).toBeNull();
  });

  it.each([
    ["a number", 123456789012345],
    ["null", null],
    ["a list", [SID]],
    ["an object", { id: SID }],
    ["an empty text", ""],
    ["14 characters", "a".repeat(14)],
    ["65 characters", "a".repeat(65)],
    ["a slash", `${SID}/`],
    ["a colon", `s:${SID}`],
    ["a space", `${SID} `],
    ["a line feed at the end", `${SID}\n`],
    ["a NUL", `${SID}\0`],
    ["a letter outside ASCII", `${SID}é`],
    ["a path", "../../../../../etc/passwd"],
  ])("refuses a session id that is or has %s", (_, sid) => {
    expect(claimsFromJson(changed({ sid }))).toBeNull();
  });

  it.each(["a".repeat(15), "a".repeat(64), "-_0123456789AZaz"])("takes the session id %s", (sid) => {
    expect(claimsFromJson(changed({ sid }))).toMatchObject({ sid });
  });

  const instants: [string, unknown][] = [
    ["null", null],
    ["a text", "1000"],
    ["a boolean", true],
    ["a list", [1000]],
    ["an object", {}],
    ["a fraction", 1000.5],
    ["a negative number", -1],
    ["a number that is not safe", 2 ** 53],
  ];
  const numbers = ["start", "iat", "exp", "idle", "abs"];
  it.each(numbers.flatMap((member) => instants.map(([what, value]) => [member, what, value] as const)))(
    "refuses a member %s that is %s",
    (member, _, value) => {
      expect(claimsFromJson(changed({ [member]: value }))).toBeNull();
    },
  );

  it.each(["idle", "abs"])("refuses a timeout %s of nothing", (member) => {
    expect(claimsFromJson(changed({ [member]: 0 }))).toBeNull();
    expect(claimsFromJson(changed({ [member]: 1 }))).toMatchObject({ [member]: 1 });
  });

  it.each(numbers)("refuses a member %s beyond all numbers", (member) => {
    expect(claimsFromJson(changed({ [member]: 0 }).replace(`"${member}":0`, `"${member}":1e999`))).toBeNull();
  });

  it.each([
    ["route", null],
    ["route", 1],
    ["route", ["eu"]],
    ["route", {}],
    ["sub", null],
    ["sub", 1],
    ["sub", true],
    ["sub", ["alice"]],
    ["sub", { id: "alice" }],
    ["data", null],
    ["data", "{}"],
    ["data", 1],
    ["data", true],
    ["data", []],
  ])("refuses a member %s that is %j", (member, value) => {
    expect(claimsFromJson(changed({ [member]: value }))).toBeNull();
  });

  it.each([false, 1, "true", null, {}])("refuses temp unless it is true: %j", (temp) => {
    expect(claimsFromJson(changed({ temp }))).toBeNull();
  });

  it("leaves out members that it does not know", () => {
    const claims = claimsFromJson(changed({ admin: true, constructor: 1, toString: "x" }));
    expect(claims).toEqual(claimsFromJson(changed({})));
    expect(Object.keys(JSON.parse(JSON.stringify(claims)))).toEqual(["sid", "start", "iat", "exp"]);
  });

  it("does not let a __proto__ member change what the claims inherit", () => {
    const text = JSON.stringify(CLAIMS).replace("{", '{"__proto__":{"sub":"admin","temp":true},');
    const claims = claimsFromJson(text);
    expect(claims).toEqual(CLAIMS);
    expect(claims?.sub).toBeUndefined();
  });

  it("gives frozen claims", () => {
    expect(Object.isFrozen(claimsFromJson(JSON.stringify(CLAIMS)))).toBe(true);
  });

  it("never throws, whatever the text", () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
    const shaped = fc
      .dictionary(fc.constantFrom("sid", "start", "iat", "exp", "route", "temp", "idle", "abs", "sub", "data"), fc.jsonValue())
      .map((members) => changed(members));
    fc.assert(
      fc.property(fc.oneof(units, fc.json(), shaped), (text) => {
        const claims = claimsFromJson(text);
        if (claims !== null) expect(JSON.parse(text)).toMatchObject({ sid: claims.sid, exp: claims.exp });
      }),
      { numRuns: 500 },
    );
  });
});

describe("claimsToJson()", () => {
  it("puts the data in as JSON, not as a text", () => {
    expect(claimsToJson({ ...CLAIMS, data: '{"a":1}' })).toBe(
      `{"sid":"${SID}","start":1000,"iat":2000,"exp":3000,"data":{"a":1}}`,
    );
  });

  it("writes no data where there is none", () => {
    expect(claimsToJson(CLAIMS)).toBe(JSON.stringify(CLAIMS));
  });

  it("keeps keys of data that mean something to objects or to claims", () => {
    const data = '{"__proto__":{"sid":"x"},"constructor":{"prototype":{}},"exp":1,"toJSON":"x"}';
    const read = claimsFromJson(claimsToJson({ ...CLAIMS, data }));
    expect(read).toEqual({ ...CLAIMS, data });
  });

  it("writes what claimsFromJson() reads back", () => {
    const key = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "toString", "sid", "data", "10", "2"),
      fc.string({ unit: "binary" }),
    );
    const data = fc
      .uniqueArray(fc.tuple(key, fc.jsonValue()), { selector: ([name]) => name, maxLength: 6 })
      .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`)
      .map((text) => JSON.stringify(JSON.parse(text)));
    const instant = fc.maxSafeNat();
    const claims = fc.record(
      {
        sid: fc.stringMatching(/^[\w-]{15,64}$/),
        start: instant,
        iat: instant,
        exp: instant,
        route: fc.string({ unit: "binary" }),
        temp: fc.constant(true as const),
        idle: fc.integer({ min: 1 }),
        abs: fc.integer({ min: 1 }),
        sub: fc.string({ unit: "binary" }),
        data,
      },
      { requiredKeys: ["sid", "start", "iat", "exp"] },
    );
    fc.assert(
      fc.property(claims, (original) => {
        expect(claimsFromJson(claimsToJson(original))).toEqual({ ...original });
      }),
      { numRuns: 300 },
    );
  });
});

describe("isFromTheFuture()", () => {
  const now = 1_800_000_000;

  it.each([
    ["start", 60, false],
    ["start", 61, true],
    ["iat", 60, false],
    ["iat", 61, true],
    ["exp", 61, false],
    ["start", -1, false],
    ["iat", 0, false],
  ] as const)("with %s %i seconds ahead of the clock is %s", (member, ahead, expected) => {
    const claims: Claims = { sid: SID, start: now - 100, iat: now - 100, exp: now + 100, [member]: now + ahead };
    expect(isFromTheFuture(claims, now)).toBe(expected);
  });
});
