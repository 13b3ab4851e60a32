/** Writing Set-Cookie lines, and refusing what browsers would refuse. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baseName, type CookieOptions, createCookie } from "../../../src/cookie/serialize.ts";
import { OptionError } from "../../../src/ground/errors.ts";

const EXPIRED = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
const LIMIT = 400 * 24 * 60 * 60;

function optionError(make: () => unknown): OptionError {
  try {
    make();
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("createCookie().set().join()", () => {
  it("writes the safest line by default", () => {
    expect(createCookie("session").set("abc", 86_400).join()).toBe(
      "__Host-Http-session=abc; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
  });

  it("writes every attribute", () => {
    const options: CookieOptions = {
      domain: "example.com",
      path: "/app",
      sameSite: "none",
      secure: true,
      httpOnly: true,
      partitioned: true,
      priority: "high",
    };
    expect(createCookie("session", options).set("abc", 60).join()).toBe(
      "__Secure-session=abc; Max-Age=60; Path=/app; Domain=example.com; HttpOnly; Secure; SameSite=None; Partitioned; Priority=High",
    );
  });

  it("writes no attribute that is turned off", () => {
    expect(createCookie("session", { secure: false, httpOnly: false }).set("abc", undefined).join()).toBe(
      "session=abc; Path=/; SameSite=Lax",
    );
  });

  it.each([
    [{ sameSite: "lax" }, "; SameSite=Lax"],
    [{ sameSite: "strict" }, "; SameSite=Strict"],
    [{ sameSite: "none" }, "; SameSite=None"],
    [{ priority: "low" }, "; Priority=Low"],
    [{ priority: "medium" }, "; Priority=Medium"],
    [{ priority: "high" }, "; Priority=High"],
    [{ partitioned: true }, "; Partitioned"],
    [{ path: "/a/b" }, "; Path=/a/b;"],
    [{ domain: "example.com" }, "; Domain=example.com;"],
  ] as const)("writes %j as %j", (options, text) => {
    const plain = createCookie("session").set("abc", 60).join();
    const line = createCookie("session", options).set("abc", 60).join();
    expect(line).toContain(text);
    if (!("sameSite" in options && options.sameSite === "lax")) expect(plain).not.toContain(text);
  });

  it("leaves Max-Age out for a cookie that ends with the browser", () => {
    expect(createCookie("session").set("abc", undefined).join()).not.toMatch(/max-age|expires/i);
  });

  it.each([
    [0, 0],
    [1, 1],
    [LIMIT, LIMIT],
    [LIMIT + 1, LIMIT],
    [Number.MAX_SAFE_INTEGER, LIMIT],
  ])("writes a Max-Age of %i as %i: browsers keep nothing longer than 400 days", (maxAge, written) => {
    expect(createCookie("session").set("abc", maxAge).join()).toContain(`; Max-Age=${written};`);
  });

  it("makes a line that Headers take and give back as one", () => {
    const headers = new Headers();
    const line = createCookie("session").set("a.b-c_d", 60).join();
    headers.append("Set-Cookie", line);
    expect(headers.getSetCookie()).toEqual([line]);
  });
});

describe("createCookie().clear()", () => {
  it("removes the cookie of the host in one line", () => {
    expect(createCookie("session").clear()).toEqual([`__Host-Http-session=; ${EXPIRED}; Path=/; HttpOnly; Secure; SameSite=Lax`]);
  });

  it("removes the cookie of the domain, and one of the same name at the host", () => {
    expect(createCookie("session", { domain: "example.com", path: "/app" }).clear()).toEqual([
      `__Secure-session=; ${EXPIRED}; Path=/app; Domain=example.com; HttpOnly; Secure; SameSite=Lax`,
      `__Secure-session=; ${EXPIRED}; Path=/app; HttpOnly; Secure; SameSite=Lax`,
    ]);
  });

  it("keeps the attributes without which browsers do not find the cookie", () => {
    const [line] = createCookie("session", { sameSite: "none", partitioned: true }).clear();
    expect(line).toMatch(/; Secure; SameSite=None; Partitioned$/);
  });
});

describe("createCookie().name", () => {
  it.each([
    ["session", {}, "__Host-Http-session"],
    ["session", { path: "/" }, "__Host-Http-session"],
    ["session", { path: "/app" }, "__Secure-session"],
    ["session", { domain: "example.com" }, "__Secure-session"],
    ["session", { httpOnly: false }, "__Host-session"],
    ["session", { httpOnly: false, path: "/app" }, "__Secure-session"],
    ["session", { secure: false }, "session"],
    ["session", { secure: false, domain: "example.com" }, "session"],
    ["__Host-id", {}, "__Host-id"],
    ["__Secure-id", {}, "__Secure-id"],
    ["__Secure-id", { domain: "example.com", path: "/app" }, "__Secure-id"],
    ["__Http-id", { domain: "example.com", path: "/app" }, "__Http-id"],
    ["__Host-Http-id", {}, "__Host-Http-id"],
    ["__Host-id", { httpOnly: false }, "__Host-id"],
    ["__hOsT-id", {}, "__hOsT-id"],
    ["Host-id", {}, "__Host-Http-Host-id"],
    ["Http-id", {}, "__Host-Http-Http-id"],
    ["__session", { single: true }, "__session"],
    ["session", { single: true, httpOnly: false, path: "/app" }, "session"],
    ["__Host-id", { single: true }, "__Host-id"],
    ["__Secure-id", { single: true, domain: "example.com" }, "__Secure-id"],
    ["!#$%&'*+-.^_`|~", {}, "__Host-Http-!#$%&'*+-.^_`|~"],
  ] satisfies [string, CookieOptions, string][])("of %j with %j is %j", (name, options, expected) => {
    expect(createCookie(name, options).name).toBe(expected);
    expect(createCookie(name, options).set("v", 1).join().startsWith(`${expected}=v; `)).toBe(true);
  });
});

describe("baseName()", () => {
  it.each([
    ["session", "session"],
    ["__Host-session", "session"],
    ["__Secure-session", "session"],
    ["__Http-session", "session"],
    ["__Host-Http-session", "session"],
    ["__hOsT-session", "session"],
    ["x__Host-session", "x__Host-session"],
    ["__Hostsession", "__Hostsession"],
  ])("of %j is %j", (name, expected) => {
    expect(baseName(name)).toBe(expected);
  });
});

describe("createCookie()", () => {
  it.each([
    ["__Host-x", { domain: "example.com" }],
    ["__Host-x", { path: "/app" }],
    ["__Host-x", { secure: false }],
    ["__hOsT-x", { domain: "example.com" }],
    ["__hOsT-x", { path: "/app" }],
    ["__HOST-x", { secure: false }],
    ["__Secure-x", { secure: false }],
    ["__sEcUrE-x", { secure: false }],
    ["__Http-x", { httpOnly: false }],
    ["__Http-x", { secure: false }],
    ["__hTTP-x", { httpOnly: false }],
    ["__Host-Http-x", { httpOnly: false }],
    ["__Host-Http-x", { secure: false }],
    ["__Host-Http-x", { domain: "example.com" }],
    ["__Host-Http-x", { path: "/app" }],
    ["__host-hTTP-x", { httpOnly: false }],
    ["__host-hTTP-x", { domain: "example.com" }],
    ["http-x", { httpOnly: false }],
    ["__Host-x", { single: true, domain: "example.com" }],
    ["__Host-Http-x", { single: true, httpOnly: false }],
    ["__Host-", { single: true }],
    ["x", { single: "yes" as never }],
    ["x", { secure: false, sameSite: "none" }],
    ["x", { secure: false, partitioned: true }],
    ["__Host-", {}],
    ["__Secure-", {}],
    ["__Http-", {}],
    ["__Host-Http-", {}],
    ["__hOsT-", {}],
  ] satisfies [string, CookieOptions][])("refuses the name %j with %j", (name, options) => {
    expect(optionError(() => createCookie(name, options)).code).toBe("ERR_OPTION");
  });

  it.each([
    ["nothing", ""],
    ["a space", "a b"],
    ["a space around it", " session"],
    ["an equals sign", "a=b"],
    ["a semicolon", "a;b"],
    ["a comma", "a,b"],
    ["a carriage return", "a\rb"],
    ["a line feed", "a\nb"],
    ["a header of its own", "a\r\nSet-Cookie: b"],
    ["a tab", "a\tb"],
    ["a NUL", "a\0b"],
    ["DEL", "a\u007fb"],
    ["quotes", 'a"b'],
    ["a colon", "koa:sess"],
    ["a slash", "a/b"],
    ["brackets", "a[b]"],
    ["a letter outside ASCII", "sessiön"],
    ["an emoji", "a😀"],
    ["a line break at the end", "session\n"],
    ["too much", "a".repeat(1025)],
  ])("refuses a name with %s", (_, name) => {
    expect(optionError(() => createCookie(name)).code).toBe("ERR_OPTION");
  });

  it.each([
    ["nothing", ""],
    ["no slash at the start", "app"],
    ["a semicolon", "/a; Domain=evil.example"],
    ["a comma", "/a,b"],
    ["a space", "/a b"],
    ["a line break", "/a\r\nSet-Cookie: b=c"],
    ["a line feed at the end", "/a\n"],
    ["a NUL", "/a\0"],
    ["a letter outside ASCII", "/ä"],
    ["too much", `/${"a".repeat(1024)}`],
  ])("refuses a path with %s", (_, path) => {
    expect(optionError(() => createCookie("session", { path })).code).toBe("ERR_OPTION");
  });

  it.each([
    ["nothing", ""],
    ["a semicolon", "example.com; Path=/x"],
    ["a comma", "example.com,evil.example"],
    ["a space", "example.com "],
    ["a line break", "example.com\r\nX: y"],
    ["a line feed at the end", "example.com\n"],
    ["a NUL", "example.com\0"],
    ["a letter outside ASCII", "exämple.com"],
    ["too much", "a".repeat(1025)],
  ])("refuses a domain with %s", (_, domain) => {
    expect(optionError(() => createCookie("session", { domain })).code).toBe("ERR_OPTION");
  });

  it("takes attributes of exactly 1,024 bytes", () => {
    expect(
      createCookie("session", { path: `/${"a".repeat(1023)}` })
        .set("v", 1)
        .join(),
    ).toContain(`Path=/${"a".repeat(1023)};`);
  });

  it.each([
    ["sameSite", "Lax"],
    ["sameSite", ""],
    ["sameSite", "nope"],
    ["priority", "High"],
    ["priority", ""],
    ["priority", "urgent"],
  ])("refuses %s %j, which only untyped code can give", (key, value) => {
    const options = { [key]: value } as CookieOptions;
    expect(optionError(() => createCookie("session", options)).code).toBe("ERR_OPTION");
  });

  it("makes one line of one cookie, or refuses, whatever the texts hold", () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "b", "-"), minLength: 1 }),
      fc.string(),
      fc.array(fc.constantFrom("/", "a", ";", "\r", "\n", ",", "=", " ", "__Host-", "\0", "é")).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, text, text, (name, path, domain) => {
        let lines: string[];
        try {
          const cookie = createCookie(name, { path: `/${path}`, domain });
          lines = [cookie.set("v", 1).join(), ...cookie.clear()];
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError);
          return;
        }
        for (const line of lines) {
          const headers = new Headers();
          headers.append("Set-Cookie", line);
          expect(headers.getSetCookie()).toEqual([line]);
          const attributes = line
            .split(";")
            .slice(1)
            .map((attribute) => attribute.trim().split("=").join());
          expect(new Set(attributes).size).toBe(attributes.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
