/** Content keys, which several tokens have in common: whose tokens open, who has the same one, and where none is ever seen. */

import { execFile } from "node:child_process";
import { createDecipheriv, hkdfSync } from "node:crypto";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { copy } from "../../src/features/copy.ts";
import type { Session, SessionOptions, SessionStore } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { plain } from "../../src/stores/bridges/plain.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { type EncryptedOptions, encryptedTokens } from "../../src/token/encrypted.ts";
import { nodePrimitives } from "../../src/token/node-crypto.ts";
import { type Primitives, webCrypto } from "../../src/token/web-crypto.ts";
import { makeApp } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { USER_COOKIE } from "../support/cookie-names.ts";
import { plainRows } from "../support/plain-rows.ts";
import { OLD_SECRET, SECRET } from "../support/secrets.ts";
import v1 from "../vectors/v1.json" with { type: "json" };
import v2 from "../vectors/v2.json" with { type: "json" };
import { inspectDeeply } from "./inspect-deeply.ts";
import { captureWritten } from "./written.ts";

const HOUR = 60 * 60 * 1000;
const written = captureWritten();

const CRYPTOGRAPHIES: [name: string, primitives: Primitives, options: Partial<SessionOptions>][] = [
  ["Web Crypto", webCrypto as Primitives, {}],
  ["node:crypto", nodePrimitives(), { crypto: nodeCrypto }],
];

const wrappedOf = (token: string) => token.split(".")[1] as string;
const claims = { sid: "a".repeat(32), start: 1000, iat: 2000, exp: 3000, sub: "alice", data: '{"a":1}' };

describe("content keys", () => {
  it("D4 two processes with one secret never share a content key", async () => {
    const script = `
      const { createSessions } = await import(${JSON.stringify(pathToFileURL(resolve("src/index.ts")).href)});
      const { nodeCrypto } = await import(${JSON.stringify(pathToFileURL(resolve("src/node.ts")).href)});
      for (const options of [{}, { crypto: nodeCrypto }]) {
        const sessions = createSessions({ secrets: ${JSON.stringify(SECRET)}, ...options });
        const session = await sessions.load(new Request("https://app.example.com/"));
        session.data.a = 1;
        const [line] = (await sessions.apply(session, new Response())).headers.getSetCookie();
        console.log(line.slice(line.indexOf("=") + 1).split(".")[1]);
      }`;
    const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    const keys = (await Promise.all([run(), run(), run()])).flatMap(({ stdout }) => stdout.trim().split("\n"));
    expect(keys).toHaveLength(6);
    for (const key of keys) expect(key).toMatch(/^[\w-]{54}$/);
    expect(new Set(keys).size).toBe(6);
  });

  it("D4 each secret, kind, name and application has content keys of its own", async () => {
    for (const [, primitives] of CRYPTOGRAPHIES) {
      const scope: EncryptedOptions = { secrets: [SECRET], name: "session", context: "" };
      const others: Partial<EncryptedOptions>[] = [
        {},
        { secrets: [OLD_SECRET] },
        { kind: "user" },
        { kind: "copy" },
        { name: "admin" },
        { context: "staging" },
      ];
      const raw = vi.fn(primitives.makeContentKey);
      const codecs = others.map((more) => encryptedTokens({ ...scope, ...more }, { ...primitives, makeContentKey: raw }));
      const tokens: string[] = [];
      for (const codec of codecs) tokens.push(await codec.seal(claims), await codec.seal(claims));
      expect(raw).toHaveBeenCalledTimes(others.length);
      expect(new Set(tokens.map(wrappedOf)).size).toBe(others.length);
    }
  });

  it.each(CRYPTOGRAPHIES)("open tokens of every content key there was under a secret in use, by %s", async (_, primitives) => {
    const { secret, name, context } = v1;
    const of = (secrets: string[]) => encryptedTokens({ secrets, name, context }, primitives);
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const [former, here, there] = [of([secret]), of([SECRET, secret]), of([SECRET])];
      const older = await here.seal(claims);
      vi.setSystemTime(Date.now() + HOUR);
      const newer = await here.seal(claims);
      expect(wrappedOf(newer)).not.toBe(wrappedOf(older));
      for (let times = 0; times < 2; times++) {
        // Made here, an hour ago and now; in another process; by a secret that retires; and when each token had a content key of its own.
        for (const token of [older, newer, await there.seal(claims)]) expect(await here.open(token)).toEqual({ claims });
        expect(await here.open(await former.seal(claims))).toEqual({ claims, olderKey: v1.keys.data.id });
        for (const { tokens } of [v1, v2]) {
          expect(await here.open(tokens.data.token)).toEqual({ claims: tokens.data.claims, olderKey: v1.keys.data.id });
        }
        // A secret that is out takes its content keys along.
        expect(await there.open(await former.seal(claims))).toBe("unknown-key");
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it("are made by each of the first requests for itself, and all their tokens open", async () => {
    for (const [, , options] of CRYPTOGRAPHIES) {
      const app = makeApp(options);
      const browsers = Array.from({ length: 20 }, () => app.newBrowser());
      await Promise.all(browsers.map((browser, index) => app.does((session) => Object.assign(session.data, { index }), browser)));
      for (const [index, browser] of browsers.entries()) {
        expect(await app.does((session) => session.data.index, browser)).toBe(index);
      }
    }
  });
});

/** A store that notes what it is asked and what it answers, as a logger would print it. */
function noting(inner: SessionStore, noted: string[]) {
  const operations = ["load", "create", "update", "replace", "touch", "remove"] as const;
  const methods = operations.map((name) => [
    name,
    async (...given: unknown[]) => {
      const answer = await (inner[name] as (...given: unknown[]) => unknown)(...given);
      noted.push(inspectDeeply([given, answer]));
      return answer;
    },
  ]);
  return withMethods(inner, Object.fromEntries(methods) as Partial<SessionStore>);
}

const MODES: [string, (noted: string[]) => Partial<SessionOptions>][] = [
  ["in an encrypted cookie", () => ({})],
  ["in a store, with copies", (noted) => ({ store: noting(memory(), noted), copy: copy({ maxAge: 60 }) })],
  ["in a store, visitors in a cookie", (noted) => ({ store: noting(memory(), noted), anonymous: "cookie" })],
  [
    "in a store of three methods",
    (noted) => {
      const rows = plainRows(new Map());
      const save = (...given: Parameters<typeof rows.save>) => {
        noted.push(inspectDeeply(given));
        return rows.save(...given);
      };
      return { store: plain({ ...rows, save }) };
    },
  ],
];

const ACTS: ((session: Session) => unknown)[] = [
  (session) => Object.assign(session.data, { note: 1 }),
  (session) => session.login("alice"),
  (session) => session.flash("notice", "saved"),
  (session) => session.update((data) => Object.assign(data, { note: 2 })),
  (session) => session.regenerateId(),
  (session) => Object.assign(session.data, { bad: () => 1 }),
];

/** The content keys of tokens, by the keys that wrapped them. */
function contentKeysOf(tokens: readonly string[]): Buffer[] {
  const wrapping = ["data", "user", "copy"].map((kind) =>
    Buffer.from(hkdfSync("sha256", SECRET, "", ["web-session-store", "1", kind, "session", ""].join("\0"), 32)),
  );
  const wrapped = [...new Set(tokens.filter((token) => token.split(".").length === 5).map(wrappedOf))];
  return wrapped.flatMap((text) => wrapping.flatMap((key) => unwrapped(key, Buffer.from(text, "base64url"))));
}

function unwrapped(key: Buffer, wrapped: Buffer): Buffer[] {
  const unwrap = createDecipheriv("id-aes256-wrap", key, Buffer.alloc(8, 0xa6));
  try {
    return [Buffer.concat([unwrap.update(wrapped), unwrap.final()])];
  } catch {
    return [];
  }
}

function spellings(bytes: Buffer): string[] {
  const forms = (["latin1", "base64", "base64url", "hex"] as const).map((form) => bytes.toString(form));
  return [...forms, bytes.join(","), bytes.join(", "), bytes.toString("hex").replace(/..(?!$)/g, "$& ")];
}

describe("A15 a content key, wrapped or not, is in no store, event, error, console line or manager", () => {
  for (const [cryptography, , options] of CRYPTOGRAPHIES) {
    it.each(MODES)(`session %s, by ${cryptography}`, async (_, more) => {
      const noted: string[] = [];
      const app = makeApp({ ...options, ...more(noted) });
      const tokens: string[] = [];
      for (const act of ACTS) {
        const answer = await app.answers(act).catch((error: unknown) => error);
        if (answer instanceof Response) {
          app.browser.receive(answer);
          tokens.push(...answer.headers.getSetCookie().map((line) => line.slice(line.indexOf("=") + 1, line.indexOf(";"))));
        } else noted.push(inspectDeeply(answer));
        console.log(app.sessions);
      }
      // What is not ours, and what is ours and was changed.
      for (const token of tokens.slice(0, 3)) await app.answers(() => {}, { Cookie: `${USER_COOKIE}=${token.slice(0, -4)}AAAA` });
      noted.push(inspectDeeply(app.sessions), inspectDeeply(app.events), ...written);
      expect(noted.join()).toContain("DataError");
      expect(app.events.map(({ type }) => type)).toContain("invalid");
      const keys = contentKeysOf(tokens);
      expect(keys.length).toBeGreaterThan(0);
      const seen = noted.join("\n");
      for (const key of keys) for (const spelling of spellings(key)) expect(seen).not.toContain(spelling);
      const wrapped = tokens.filter((token) => token.split(".").length === 5).map(wrappedOf);
      for (const text of new Set(wrapped)) {
        expect(seen).not.toContain(text);
        for (const spelling of spellings(Buffer.from(text, "base64url"))) expect(seen).not.toContain(spelling);
      }
    });
  }

  it("nor in the error of a runtime that fails to seal", async () => {
    const app = makeApp();
    const tokens: string[] = [];
    const write = () => app.answers((session) => Object.assign(session.data, { note: 1 }));
    tokens.push(...(await write()).headers.getSetCookie().map((line) => line.slice(line.indexOf("=") + 1, line.indexOf(";"))));
    const { encrypt } = crypto.subtle;
    crypto.subtle.encrypt = async () => {
      throw new DOMException("out of order", "OperationError");
    };
    const error = await write().catch((thrown: unknown) => thrown);
    crypto.subtle.encrypt = encrypt;
    const seen = inspectDeeply([error, app.events]);
    expect(seen).toContain("out of order");
    for (const key of contentKeysOf(tokens)) for (const spelling of spellings(key)) expect(seen).not.toContain(spelling);
    expect(seen).not.toContain(wrappedOf(tokens[0] as string));
    expect((await write()).headers.getSetCookie()).toHaveLength(1);
  });
});
