/** What the documents say about options, and what readers copy from them. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createSessions, type SessionEvent, type SessionOptions } from "../../src/index.ts";
import { looksWeak } from "../../src/token/secrets.ts";
import { Clock } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";

const PAGES = globSync(["README.md", "docs/*.md", "examples/**/*.{ts,md}", "src/**/*.ts"]).filter(
  (file) => !file.includes("node_modules"),
);

describe("a key that readers copy", () => {
  const keys = PAGES.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/app\.keys = \[(.*?)\];|APP_KEY=(".*?"|\S+)/g)].map(
      ([, list, value]) => [file, list ?? value ?? ""] as const,
    ),
  );

  it("stands in the README, the page on Koa and the doc comment of session()", () => {
    expect(keys.map(([file]) => file)).toEqual(
      expect.arrayContaining(["README.md", "docs/getting-started-koa.md", "src/adapters/koa/index.ts"]),
    );
  });

  it.each(keys)("in %s is none that we warn of: %s", (_file, written) => {
    const literals = [...written.matchAll(/"([^"$]*)"/g)].map(([, text]) => text as string);
    // An empty one is none, which is an error that says what to do.
    expect(literals.filter((text) => text !== "" && looksWeak(text))).toEqual([]);
  });

  it("as it stood there before was one", () => {
    for (const key of ["a long random key", "some secret key"]) expect(looksWeak(key)).toBe(true);
  });
});

describe("the codes of errors", () => {
  const source = readFileSync("src/ground/errors.ts", "utf8");
  const union = /export type SessionErrorCode =([^;]+);/.exec(source)?.[1] ?? "";
  const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code as string);

  it("are all in the table of docs/sessions.md, and no others are", () => {
    const table = readFileSync("docs/sessions.md", "utf8").match(/^\| `ERR_.+$/gm) ?? [];
    const said = table.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, code]) => code as string));
    expect(codes.length).toBeGreaterThan(10);
    expect(said.sort()).toEqual(codes.sort());
  });
});

describe("clocks of two servers", () => {
  const ask = async (difference: number) => {
    const [ahead, here] = [new Clock(), new Clock()];
    ahead.pass(difference);
    const events: SessionEvent[] = [];
    const handler = (options: Partial<SessionOptions>) =>
      createSessions<{ views: number }>({ secrets: SECRET, ...options }).handler((_, session) => {
        session.data.views = (session.data.views ?? 0) + 1;
        return new Response(String(session.data.views));
      });
    const [first, second] = [handler({ now: ahead.now }), handler({ now: here.now, onEvent: (event) => events.push(event) })];
    const url = "https://app.example.com/";
    const [line = ""] = (await first(new Request(url))).headers.getSetCookie();
    const Cookie = line.slice(0, line.indexOf(";"));
    const visit = async () => (await second(new Request(url, { headers: { Cookie } }))).text();
    const views = await visit();
    here.pass(difference);
    return { views, later: await visit(), events: events.filter(({ type }) => type === "invalid") };
  };

  it("may differ by 60 seconds", async () => expect(await ask(60)).toEqual({ views: "2", later: "2", events: [] }));

  it("that differ by more have no session in common until the token's time has come", async () => {
    expect(await ask(61)).toEqual({ views: "1", later: "2", events: [{ type: "invalid", reason: "future" }] });
  });

  it("and what nginx takes are said where limits are", () => {
    expect(readFileSync("docs/sessions.md", "utf8")).toContain("**60 seconds**");
    expect(readFileSync("docs/choosing-a-store.md", "utf8")).toMatch(/nginx[\s\S]+proxy_buffer_size[\s\S]+maxBytes/);
  });
});
