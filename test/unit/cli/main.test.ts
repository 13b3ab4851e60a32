/** The program `web-session-store`, run as npx runs it: keygen, and inspect with everything a browser's developer tools show. */

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { session } from "../../../src/adapters/koa/index.ts";
import { copy } from "../../../src/features/copy.ts";
import { createSessions, type SessionOptions } from "../../../src/index.ts";
import { plain } from "../../../src/stores/bridges/plain.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { cookieFor } from "../../../src/testing/index.ts";
import { Browser } from "../../support/browser.ts";
import { baseOf, COPY_COOKIE, USER_COOKIE, userCookie, VISITOR_COOKIE } from "../../support/cookie-names.ts";
import { closeServers, serveNode } from "../../support/koa.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../../support/secrets.ts";

const { bin } = JSON.parse(readFileSync("package.json", "utf8"));
const PROGRAM = resolve(bin["web-session-store"]);
const folder = mkdtempSync(join(tmpdir(), "cli-"));
beforeAll(() => void execFileSync("node", ["scripts/build.mjs", "--if-needed"]));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await closeServers();
});

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs the program with an environment that has nothing but what is given. */
function run(args: string[], { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {}): Promise<Said> {
  return new Promise((done) => {
    const child = spawn(PROGRAM, args, { env: { PATH: process.env.PATH ?? "", ...env } });
    let out = "";
    let error = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (error += chunk));
    child.on("close", (code) => done({ code, out, error }));
    // A program that refuses its arguments reads nothing.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

const inspect = (input: string, args: string[] = [], env: Record<string, string> = { SESSION_SECRET: SECRET }) =>
  run(["inspect", ...args], { input, env });
const cookie = (options: Partial<SessionOptions> = {}, user?: string) =>
  cookieFor({ secrets: SECRET, ...options }, { data: { cart: ["quince"] }, ...(user !== undefined && { subject: user }) });
const KOA_SESSION = btoa('{"views":1,"_expire":1795000000000,"_maxAge":86400000}');
const tokenOf = (pair: string) => pair.slice(pair.indexOf("=") + 1);

describe("keygen", () => {
  it("prints a secret that the library takes, another one each time", async () => {
    const [first, second] = await Promise.all([run(["keygen"]), run(["keygen"])]);
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/^[\w-]{43}\n$/);
    expect(second.out).not.toBe(first.out);
    expect(() => createSessions({ secrets: first.out.trim() })).not.toThrow();
  });
});

describe("usage", () => {
  it.each([
    [["--help"], /keygen.+inspect/s],
    [["keygen", "--help"], /32 random bytes/],
    [["inspect", "--help"], /SESSION_SECRETS.+--show-data.+Exit code/s],
    [["inspect", "-h"], /--secrets-file/],
  ])("%s helps, and reads no input", async (args, expected) => {
    const { code, out, error } = await run(args);
    expect([code, error]).toEqual([0, ""]);
    expect(out).toMatch(expected);
  });

  it.each([
    [[], "no command. Commands: keygen, inspect. See: web-session-store --help"],
    [["inpsect"], 'unknown command "inpsect". Commands: keygen, inspect. See: web-session-store --help'],
    [["eyJ.secret.cookie"], "unknown command. Commands: keygen, inspect. See: web-session-store --help"],
    [["kM0hwq1nPzN4tQp7uW3xZ6cV9bS2dF5g"], "unknown command. Commands: keygen, inspect."],
    [["keygen", "--bits", "8"], "unknown option --bits; see: web-session-store keygen --help"],
    [["keygen", "secret.cookie"], "keygen takes no arguments; see: web-session-store keygen --help"],
    [["inspect", "--shwo-data"], "unknown option --shwo-data; see: web-session-store inspect --help"],
    [["inspect", "--secret=secret.cookie"], "unknown option --secret; see"],
    [["inspect", "-s"], "unknown option -s; see"],
    [["inspect", "--eyJhbGciOiJIUzI1NiJ9secret.cookie"], "wrong arguments; see: web-session-store inspect --help"],
    [["inspect", "--name"], "option --name needs a value; see: web-session-store inspect --help"],
    [["inspect", "--name", "--show-data"], "option --name needs a value; see"],
    [["inspect", "--show-data=secret.cookie"], "option --show-data takes no value; see"],
    [["inspect", "--secrets-file", "/nowhere/secret"], "cannot read the file of --secrets-file"],
  ])("%j is refused with 2; it says what is wrong, and repeats nothing that may be secret", async (args, message) => {
    const { code, out, error } = await run(args, { input: "a=b" });
    expect([code, out]).toEqual([2, ""]);
    expect(error).toMatch(/^web-session-store: .+\n$/);
    expect(error).toContain(message);
    for (const given of ["secret.cookie", "/nowhere", "kM0hwq", "eyJ"]) expect(error).not.toContain(given);
  });

  it.each([
    [["inspect", "eyJ.secret.cookie"]],
    [["inspect", "--cookie", "eyJ.secret.cookie"]],
    [["inspect", "--cookie=eyJ.secret.cookie", "--show-data"]],
  ])("%j: says why a cookie is no argument, and where it goes", async (args) => {
    const { code, error } = await run(args);
    expect(code).toBe(2);
    for (const text of ["history", "web-session-store inspect < pasted.txt"]) expect(error).toContain(text);
    expect(error).not.toContain("secret.cookie");
  });

  it.each(["--version", "-v", "version"])("%s prints the version of the package", async (arg) => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(await run([arg])).toEqual({ code: 0, out: `${version}\n`, error: "" });
  });

  it.each([
    ["nothing", "\n \n"],
    ["bytes", Array.from({ length: 300 }, (_, at) => String.fromCharCode((at * 89 + 161) % 256)).join("")],
    ["an empty cookie jar", "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n"],
  ])("no cookie at all is refused with 2: %s", async (_what, input) => {
    const error = "web-session-store: no cookie on standard input; see: web-session-store inspect --help\n";
    expect(await inspect(input)).toEqual({ code: 2, out: "", error });
  });

  it("too much is refused with 2", async () => {
    const { code, error } = await inspect("a=b;".repeat(250_001));
    expect([code, error]).toEqual([2, "web-session-store: standard input is longer than a million characters\n"]);
  });

  it("is a program that can be executed", () => {
    expect(statSync(PROGRAM).mode & 0o111).toBe(0o111);
  });
});

describe("inspect: what it is", () => {
  it.each([
    ["encrypted: the session", {}, undefined],
    ["readable: the session, signed", { readable: true }, undefined],
    ["signed: names a session in a store", { store: memory() }, "ada"],
    [
      "encrypted: times and user; the store has only the data",
      { store: plain({ load: () => null, save: () => {}, remove: () => {} }) },
      "ada",
    ],
  ] as const)("%s", async (kind, options, user) => {
    const { code, out } = await inspect(await cookie(options, user));
    expect(out).toContain(`  kind     ${kind}`);
    expect(out).toContain("  secret   number 1 of 1");
    expect(out).toMatch(/^ {2}opens {4}yes/m);
    expect(code).toBe(0);
  });

  it("the timeouts that a login gave it, in our cookies and in Koa's", async () => {
    const sessions = createSessions({ secrets: SECRET });
    const browser = new Browser(
      sessions.handler((_request, one) => {
        one.login("ada", { idleTimeout: 60 * 86400, absoluteTimeout: 365 * 86400 });
        return new Response();
      }),
    );
    await browser.visit("/");
    const rows = "  idle     60 days, set by its login\n  absolute 365 days, set by its login\n";
    expect((await inspect(browser.cookieHeader())).out).toContain(rows);
    const koa = `koa:sess={"a":1,"_sid":"hgAkTb7Qw3Tn5Yx8Rk1Vm4Lp","_start":1,"_idle":3600}; koa:sess.sig=abc`;
    const { out } = await inspect(koa);
    expect(out).toContain("  idle     1 hour, set by its login (not verified)\n");
    expect(out).toContain("  data     1 key,");
    expect((await inspect(koa.replace('"_start":1,', ""))).out).toContain("  data     2 keys,");
  });

  it("a copy, beside the session it is a copy of", async () => {
    const sessions = createSessions({ secrets: SECRET, store: memory(), copy: copy({ maxAge: 60 }) });
    const browser = new Browser(
      sessions.handler((_request, one) => {
        one.login("ada");
        return new Response();
      }),
    );
    await browser.visit("/");
    const { code, out } = await inspect(`Cookie: theme=dark; ${browser.cookieHeader()}`);
    expect(out).toContain(`${COPY_COOKIE}\n  kind     encrypted copy of a session that is in a store`);
    expect(out).toContain("theme\n  kind     not a session cookie of this library");
    expect(code).toBe(0);
  });

  it.each(["session", "__Host-session", VISITOR_COOKIE])("a single one of a user, %s", async (name) => {
    const { code, out } = await inspect(`${name}=${tokenOf(await cookie({}, "ada"))}`);
    expect(out).toContain("  opens    yes, with cookie.single");
    expect(code).toBe(0);
    expect((await inspect(`${name}=${tokenOf(await cookie())}`)).out).not.toContain("cookie.single");
  });

  it.each([
    ["removes the cookie", `Set-Cookie: ${USER_COOKIE}=; Max-Age=0; Path=/`],
    ["a session's public id", "hgAkTb7Qw3Tn5Yx8Rk1Vm4Lp6Js9Hd2G"],
    ["a token of other software (RS256)", `token=${btoa('{"alg":"RS256"}').replace(/=+$/, "")}.e30.c2ln`],
    ["a signed id of express-session", "connect.sid=s%3Aabc.def"],
    ["a signed id of express-session", "sid=s:abc.def"],
    ["express-session's by its name, but it has no signature", "connect.sid=abc"],
    ["koa-session's: the session, readable by anyone", `koa.sess=${KOA_SESSION}`],
    ["koa-session's: the session, readable by anyone", `sess=${KOA_SESSION}`],
    ["koa-session's by its name: a key in that application's store", "koa.sess=1795000000000-hgAkTb7Qw3Tn5Yx8"],
  ])("%s, which is no session to open", async (kind, pasted) => {
    const { code, out } = await inspect(pasted);
    expect(out).toContain(`  kind     ${kind}`);
    expect(out).not.toMatch(/^ {2}opens /m);
    expect(code).toBe(1);
  });
});

describe("inspect: what accepts the cookies of other software", () => {
  it.each([
    ["express-session's", "connect.sid=s%3Aabc.def", ["defineCodec() of web-session-store/accept/define"]],
    [
      "koa-session's",
      `koa.sess=${KOA_SESSION}; koa.sess.sig=abc`,
      [
        "koaSessionTokens() of web-session-store/accept/koa-session",
        "session() of web-session-store/koa-session",
        'signed   by the cookie "koa.sess.sig"',
      ],
    ],
    ["koa-session's without a signature", `koa.sess=${KOA_SESSION}`, ['signed   no: the cookie "koa.sess.sig" is missing']],
    [
      "a token of other software",
      `token=${btoa('{"alg":"RS256"}').replace(/=+$/, "")}.e30.c2ln`,
      ["joseTokens() of web-session-store/accept/jose"],
    ],
  ])("%s", async (_what, pasted, expected) => {
    const { out } = await inspect(pasted, ["--show-data"]);
    for (const text of expected) expect(out).toContain(text);
    for (const hidden of ["views", "abc", KOA_SESSION]) expect(out).not.toContain(hidden);
  });
});

describe("inspect: as it was pasted", () => {
  it("a Cookie header, a Set-Cookie line, a pair, a token, a request as curl shows it", async () => {
    const pair = await cookie();
    const pastes = [
      `Cookie: ${pair}`,
      `cookie: a=b; ${pair}; c=d`,
      `Set-Cookie: ${pair}; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `${pair}; Path=/; HttpOnly`,
      pair,
      `"${pair}"`,
      tokenOf(pair),
      `> GET / HTTP/1.1\r\n> Host: example.com\r\n> cookie: ${pair}\r\n>\r\n`,
    ];
    for (const pasted of pastes) expect(await inspect(pasted), pasted).toMatchObject({ code: 0, error: "" });
    expect((await inspect(pastes.at(-1) ?? "")).out).not.toContain("Host\n");
  });
});

describe("inspect: a cookie jar of curl", () => {
  const HEAD = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n# This file was generated by libcurl!\n\n";
  const line = (pair: string, before = "#HttpOnly_localhost") => {
    const at = pair.indexOf("=");
    return [before, "FALSE", "/", "TRUE", "0", pair.slice(0, at), pair.slice(at + 1)].join("\t");
  };

  it("reads its cookies, HttpOnly and others, and nothing else", async () => {
    const jar = `${HEAD}${line(await cookie({}, "ada"))}\n${line("theme=dark", "localhost")}\n${line("empty=")}\n`;
    const { code, out, error } = await inspect(jar);
    expect(error).toBe("");
    expect(out.match(/^\S.*$/gm)).toEqual([USER_COOKIE, "theme", "empty"]);
    expect(out).toMatch(/^ {2}opens {4}yes/m);
    expect(out).toContain("theme\n  kind     not a session cookie of this library");
    expect(code).toBe(0);
  });

  it("reads what curl wrote for a session in Koa's cookies, with its signature", async () => {
    const sessions = ['koa:sess={"a":1,"_sid":"hgAkTb7Qw3Tn5Yx8Rk1Vm4Lp"}', "koa:sess.sig=abc"];
    const { out } = await inspect(HEAD + sessions.map((pair) => line(pair)).join("\r\n"));
    expect(out).toContain("koa:sess\n  kind     Koa's compatible mode");
    expect(out).toContain("no: bad signature");
  });

  it("reads lines whose tabs a terminal has made spaces", async () => {
    expect((await inspect(line(await cookie()).replaceAll("\t", "  "))).code).toBe(0);
  });
});

describe("inspect: why it does not open", () => {
  const never = async (pasted: string | Promise<string>, why: string, ...rest: [string[]?, Record<string, string>?]) => {
    const { code, out } = await inspect(await pasted, ...rest);
    expect(out).toContain(`  opens    ${why}`);
    expect(code).toBe(1);
  };

  it("bad signature", async () => {
    for (const options of [{}, { readable: true }]) {
      const pair = await cookie(options);
      const last = pair.at(-2) === "A" ? "B" : "A";
      await never(`${pair.slice(0, -2)}${last}${pair.at(-1)}`, "no: bad signature");
    }
  });

  it("cut off", async () => never((await cookie()).slice(0, -9), "no: malformed"));

  it("unknown key: another secret, another context", async () => {
    await never(cookie({ secrets: OTHER_SECRET }), "no: unknown key. None of 1 secret");
    await never(cookie({ context: "shop" }), "no: unknown key");
    expect((await inspect(await cookie({ context: "shop" }), ["--context", "shop"])).code).toBe(0);
  });

  it("no secret, and only weak ones", async () => {
    await never(cookie(), "not tried: no secret was given", [], {});
    await never(cookie(), "no: every given secret is shorter than 32 bytes", [], { SESSION_SECRET: "keyboard cat" });
  });

  it("expired", async () => never(cookie({ now: () => Date.now() / 1000 - 90_000 }), "no: expired"));

  it("made in the future", async () => never(cookie({ now: () => Date.now() / 1000 + 3600 }), "no: it was made in the future"));

  it("name mismatch: of another name, and of a visitor where users have theirs", async () => {
    const other = await cookie({ name: "shop" }, "ada");
    expect((await inspect(other)).code).toBe(0);
    expect((await inspect(tokenOf(other), ["--name", "shop"])).code).toBe(0);
    await never(tokenOf(other), "no: unknown key");
    const user = `it belongs in a cookie named "${baseOf(userCookie("shop"))}"`;
    await never(`${USER_COOKIE}=${tokenOf(other)}`, `no: name mismatch: ${user}`, ["--name", "shop"]);
    const visitor = `it belongs in a cookie named "${baseOf(VISITOR_COOKIE)}"`;
    await never(`${USER_COOKIE}=${tokenOf(await cookie())}`, `no: name mismatch: ${visitor}`);
    await never(`__Host-session-visitor=${tokenOf(await cookie())}`, `no: name mismatch: ${visitor}`);
    await never(`${COPY_COOKIE}=${tokenOf(await cookie({}, "ada"))}`, "no: name mismatch");
  });

  it("too big for a browser", async () => {
    const large = await cookieFor({ secrets: SECRET }, { data: { text: "x".repeat(4000) } });
    await never(large, "no: too big: ");
  });

  it("one of several cookies is enough for exit code 1", async () => {
    const bad = await cookie({ secrets: OTHER_SECRET }, "ada");
    expect((await inspect(`Cookie: ${bad}; ${await cookie()}`)).code).toBe(1);
  });
});

describe("inspect: Koa's compatible mode", () => {
  /** What a browser has after a visit to the first program of koa-session-store's README. */
  async function koaCookies(keys: string[], options = {}): Promise<string> {
    const app = new Koa();
    app.keys = keys;
    app.use(session({ signatureAlgorithm: "sha1", ...options })).use((ctx) => {
      ctx.session.views = 1;
      ctx.body = "";
    });
    const browser = new Browser(serveNode(app.callback()));
    await browser.visit("/");
    return browser.cookieHeader();
  }

  it("says which key signed it, with both hashes", async () => {
    for (const signatureAlgorithm of ["sha1", "sha256"]) {
      const pasted = await koaCookies([SECRET], { signatureAlgorithm });
      const { code, out } = await inspect(pasted, [], { SESSION_SECRETS: `${OTHER_SECRET},${SECRET}` });
      expect(out).toContain("koa:sess\n  kind     Koa's compatible mode (Keygrip): the session, readable");
      expect(out).toContain(`number 2 of 2, HMAC-${signatureAlgorithm.toUpperCase()}`);
      expect(out).toContain("data     1 key, 11 bytes, hidden");
      expect(code).toBe(0);
    }
  });

  it("keys that Koa takes, though they are weak", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const pasted = await koaCookies(["some secret key"]);
    expect((await inspect(pasted, [], { SESSION_SECRET: "some secret key" })).code).toBe(0);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it("bad, missing and untried signatures, and expired sessions", async () => {
    const pasted = await koaCookies([SECRET]);
    const [alone = ""] = pasted.split("; ");
    const cases: [string, string, Record<string, string>][] = [
      [pasted, "no: bad signature. None of 1 key", { SESSION_SECRET: OTHER_SECRET }],
      [pasted.replace('"views":1', '"views":9'), "no: bad signature", { SESSION_SECRET: SECRET }],
      [alone, 'no: the signature is missing, the cookie "koa:sess.sig"', { SESSION_SECRET: SECRET }],
      [pasted, "not tried: no key was given", {}],
      [
        await koaCookies([SECRET], { idleTimeout: 60, now: () => Date.now() / 1000 - 90 }),
        "no: expired",
        { SESSION_SECRET: SECRET },
      ],
    ];
    for (const [text, why, env] of cases) {
      const { code, out } = await inspect(text, [], env);
      expect(out).toContain(`  opens    ${why}`);
      expect(code).toBe(1);
    }
  });
});

describe("inspect: secrets", () => {
  const files: [string, string][] = [
    ["lines", `${OTHER_SECRET}\n\n${SECRET}\n`],
    ["list.json", JSON.stringify([OTHER_SECRET, SECRET])],
    [".dev.vars", `# local\nOTHER="x"\nSESSION_SECRETS="${OTHER_SECRET},${SECRET}"\n`],
    [".env", `export SESSION_SECRET=${OTHER_SECRET}\nSESSION_SECRETS='["${SECRET}"]'\n`],
  ];

  it.each(files)("from a file: %s, instead of the environment", async (name, text) => {
    writeFileSync(join(folder, name), text);
    const { code, out } = await inspect(await cookie(), ["--secrets-file", join(folder, name)], { SESSION_SECRET: OLD_SECRET });
    expect(out).toContain("  secret   number 2 of 2");
    expect(code).toBe(0);
  });

  it("from both variables", async () => {
    const { out } = await inspect(await cookie(), [], {
      SESSION_SECRET: OLD_SECRET,
      SESSION_SECRETS: `${OTHER_SECRET}, ${SECRET}`,
    });
    expect(out).toContain("  secret   number 3 of 3");
  });

  it("a weak one is counted, and the others are tried", async () => {
    const { code, out } = await inspect(await cookie(), [], { SESSION_SECRETS: `short,${SECRET}` });
    expect(out).toContain("  secret   number 2 of 2");
    expect(code).toBe(0);
  });
});

describe("inspect: what it does not print", () => {
  const DATA = { note: "a quince for the dean" };
  const pastes = async () => [
    await cookieFor({ secrets: SECRET }, { data: DATA, subject: "ada@example.com" }),
    await cookieFor({ secrets: SECRET, readable: true }, { data: DATA, subject: "ada@example.com" }),
    await cookieFor({ secrets: OTHER_SECRET, readable: true }, { data: DATA, subject: "ada@example.com" }),
    'koa:sess={"note":"a quince for the dean","_sid":"hgAkTb7Qw3Tn5Yx8Rk1Vm4Lp","_sub":"ada@example.com"}; koa:sess.sig=abc',
  ];

  it("no data, no user, no secret and no token, whether it opens or not", async () => {
    for (const pasted of await pastes()) {
      const { out, error } = await inspect(pasted);
      for (const hidden of ["quince", "note", "ada@", SECRET, tokenOf(pasted).slice(-20)])
        expect(out + error).not.toContain(hidden);
      expect(out).toMatch(/ {2}data {5}1 key, 32 bytes, hidden; --show-data shows it/);
      expect(out).toMatch(/ {2}user {5}hidden/);
    }
  });

  it("data and user with --show-data; still no secret and no token; what nobody proved is marked", async () => {
    for (const [index, pasted] of (await pastes()).entries()) {
      const { out } = await inspect(pasted, ["--show-data"]);
      const mark = index > 1 ? " (not verified)" : "";
      expect(out).toContain(`  user     "ada@example.com"${mark}\n`);
      expect(out).toContain(`  data     {"note":"a quince for the dean"}${mark}\n`);
      for (const hidden of [SECRET, tokenOf(pasted).slice(-20)]) expect(out).not.toContain(hidden);
    }
  });

  it("no control character of a cookie: it cannot write on the terminal", async () => {
    const data = { "\u001b[2J": "\u009b31m\u202egnp.exe" };
    const pair = await cookieFor({ secrets: SECRET }, { data, subject: "\u0007\u009d" });
    const { out } = await inspect(`Cookie: \u001b[31m=x; näme=x; ${pair}; ${"n".repeat(300)}=x`, ["--show-data"]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(out.match(/^\S.*$/gm)).toEqual([pair.slice(0, pair.indexOf("=")), `${"n".repeat(80)}...`]);
  });
});
