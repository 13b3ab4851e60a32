/** Section D of docs/security.md: what is in the cookie, and who can open it. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { createSessions, type SessionOptions } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { encryptedTokens } from "../../src/token/encrypted.ts";
import { keyInfo } from "../../src/token/keys.ts";
import { nodePrimitives } from "../../src/token/node-crypto.ts";
import { sessionCrypto } from "../../src/token/session-crypto.ts";
import { type Primitives, webCrypto } from "../../src/token/web-crypto.ts";
import { makeApp } from "../support/app.ts";
import { DAY, HOUR } from "../support/clock.ts";
import { COPY_COOKIE, USER_COOKIE, userCookie, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../support/secrets.ts";

const { safelyCompared } = vi.hoisted(() => ({ safelyCompared: { count: 0 } }));
vi.mock("node:crypto", async (actual) => {
  const real = await actual<typeof import("node:crypto")>();
  const timingSafeEqual: typeof real.timingSafeEqual = (left, right) => {
    safelyCompared.count++;
    return real.timingSafeEqual(left, right);
  };
  return { ...real, timingSafeEqual };
});

const SOURCES = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  .map((file) => ({ file, text: readFileSync(`src/${file}`, "utf8") }));

/** The Cookie header of a session that was made with these options. */
async function cookieOf(options: Partial<SessionOptions>, subject = "alice"): Promise<string> {
  const app = makeApp(options);
  await app.does((session) => {
    session.login(subject);
    session.data.note = "for my eyes only";
  });
  return app.browser.cookieHeader();
}

/** Whom an application with these options takes the sender for. */
async function whoIs(options: Partial<SessionOptions>, Cookie: string): Promise<string | undefined> {
  const subjects: (string | undefined)[] = [];
  await makeApp(options).answers((session) => subjects.push(session.subject), { Cookie });
  return subjects[0];
}

const tokenOf = (cookie: string) => cookie.slice(cookie.indexOf("=") + 1);
const decoded = (token: string) =>
  token
    .split(".")
    .map((part) => Buffer.from(part, "base64url").toString("latin1"))
    .join(" ");

describe("D: sealing", () => {
  it("D1 data in a cookie is encrypted unless readable says otherwise, and a store's token says nothing of user and data", async () => {
    for (const options of [
      {},
      { store: memory() },
      { store: memory(), copy: copy({ maxAge: 60 }) },
      { store: memory(), anonymous: "cookie" as const },
    ]) {
      expect(decoded(await cookieOf(options))).not.toMatch(/my eyes|alice/);
    }
    expect(decoded(await cookieOf({ readable: true }))).toMatch(/my eyes/);
  });

  it("D2 a token opens under its own name, for its own application and purpose only", async () => {
    const store = memory();
    const kinds: Partial<SessionOptions>[] = [{}, { readable: true }, { store }];
    for (const [index, own] of kinds.entries()) {
      const token = tokenOf(await cookieOf(own));
      expect(await whoIs(own, `${USER_COOKIE}=${token}`)).toBe("alice");
      expect(await whoIs({ ...own, name: "admin" }, `${userCookie("admin")}=${token}`)).toBeUndefined();
      expect(await whoIs({ ...own, context: "staging" }, `${USER_COOKIE}=${token}`)).toBeUndefined();
      for (const other of kinds.filter((_kind, at) => at !== index)) {
        expect(await whoIs(other, `${USER_COOKIE}=${token}`)).toBeUndefined();
      }
      expect(await whoIs(own, `${VISITOR_COOKIE}=${token}`)).toBeUndefined();
    }
    const copying = await cookieOf({ store, copy: copy({ maxAge: 60 }) });
    const copied = new RegExp(`${COPY_COOKIE}=([^;]+)`).exec(copying)?.[1];
    for (const options of kinds) expect(await whoIs(options, `${USER_COOKIE}=${copied}`)).toBeUndefined();
  });

  it("D3 each use of a secret has a key of its own, derived by HKDF", async () => {
    const secret = new TextEncoder().encode(SECRET);
    const keys = new Set<string>();
    let uses = 0;
    for (const kind of ["id", "data", "readable", "user", "copy"]) {
      for (const scope of [
        { name: "session", context: "" },
        { name: "admin", context: "" },
        { name: "session", context: "x" },
      ]) {
        for (const use of [kind, `${kind}.kid`]) {
          uses++;
          keys.add(Buffer.from(await webCrypto.derive(secret, keyInfo(use, scope), 32)).toString("hex"));
        }
      }
    }
    expect(keys.size).toBe(uses);
    // Names and contexts are told apart, however they are put together.
    expect(keyInfo("id", { name: "a", context: "b" })).not.toEqual(keyInfo("id", { name: "ab", context: "" }));
    expect(() => createSessions({ secrets: SECRET, context: "a\0b" })).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });

  it("D4 every encrypted token has a nonce of its own, drawn from the runtime; a content key serves at most 2^20 tokens and an hour", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const drawn = vi.spyOn(crypto, "getRandomValues");
    try {
      for (const options of [{}, { crypto: nodeCrypto }]) {
        const app = makeApp(options);
        const [keys, nonces] = [new Set<string>(), new Set<string>()];
        const visit = async () => {
          drawn.mockClear();
          await app.does((session) => Object.assign(session.data, { views: Number(session.data.views ?? 0) + 1 }));
          const [, key = "", nonce = ""] = tokenOf(app.browser.cookieHeader()).split(".");
          const runtimeGave = drawn.mock.results.map(({ value }) => Buffer.from(value as Uint8Array).toString("base64url"));
          expect(runtimeGave).toContain(nonce);
          keys.add(key);
          nonces.add(nonce);
        };
        for (let views = 0; views < 25; views++) await visit();
        expect([keys.size, nonces.size]).toEqual([1, 25]);
        vi.setSystemTime(Date.now() + 60 * 60 * 1000);
        for (let views = 0; views < 25; views++) await visit();
        expect([keys.size, nonces.size]).toEqual([2, 50]);
      }
    } finally {
      vi.useRealTimers();
      drawn.mockRestore();
    }
    // The number, with cryptography that takes no time.
    let made = 0;
    const nothing = new Uint8Array(0);
    const quick = {
      ...nodePrimitives(),
      makeContentKey: () => ({ key: ++made, wrapped: new Uint8Array(40) }),
      seal: () => ({ iv: nothing, ciphertext: nothing, tag: nothing }),
    } as Primitives;
    const codec = encryptedTokens({ secrets: [SECRET], name: "session", context: "" }, quick);
    const claims = { sid: "a".repeat(32), start: 1, iat: 1, exp: 2, data: "{}" };
    for (let tokens = 0; tokens < 2 ** 20; tokens++) codec.seal(claims);
    expect(made).toBe(1);
    codec.seal(claims);
    expect(made).toBe(2);
  });

  it("D5 exactly one key is tried, the one that the header names; without one, none", async () => {
    const asked: string[] = [];
    const crypto = sessionCrypto(() => ({
      ...(webCrypto as Primitives),
      unwrap: (...args: Parameters<Primitives["unwrap"]>) => {
        asked.push("unwrap");
        return (webCrypto as Primitives).unwrap(...args);
      },
      open: (...args: Parameters<Primitives["open"]>) => {
        asked.push("open");
        return (webCrypto as Primitives).open(...args);
      },
    }));
    const many = createSessions({ secrets: [OTHER_SECRET, OLD_SECRET, SECRET], rememberTokens: 0, crypto });
    const cookie = await cookieOf({ secrets: SECRET, now: () => Date.now() / 1000 });
    expect((await many.read({ headers: { get: () => cookie } }))?.subject).toBe("alice");
    expect(asked).toEqual(["unwrap", "open"]);
    const none = createSessions({ secrets: [OTHER_SECRET, OLD_SECRET], crypto });
    expect(await none.read({ headers: { get: () => cookie } })).toBeNull();
    expect(asked).toEqual(["unwrap", "open"]);
  });

  it("D6 secrets rotate: the newest seals, all open, the next answer brings a new token, and a removed one stops at once", async () => {
    for (const store of [{}, { store: memory() }]) {
      const first = await cookieOf({ ...store, secrets: OLD_SECRET });
      const both = { ...store, secrets: [SECRET, OLD_SECRET] };
      const app = makeApp(both);
      const response = await app.answers((session) => session.subject, { Cookie: first });
      const second = response.headers.getSetCookie()[0]?.split(";")[0] as string;
      expect(await whoIs(both, first)).toBe("alice");
      expect(await whoIs({ ...store, secrets: SECRET }, second)).toBe("alice");
      expect(await whoIs({ ...store, secrets: SECRET }, first)).toBeUndefined();
      expect(await whoIs({ ...store, secrets: OLD_SECRET }, second)).toBeUndefined();
    }
  });

  it("D7 secrets below 32 bytes, placeholders, repetitions, runs and common words are refused", () => {
    const placeholders = [
      "your-secret-key-change-this-in-production",
      "keyboard cat keyboard cat keyboard",
      "change_me_please_change_me_please!!",
    ];
    for (const secrets of [
      "a",
      "secret",
      "x1".repeat(15),
      `${SECRET.slice(0, 31)}`,
      "a".repeat(64),
      "0123456789".repeat(5),
      `${"a".repeat(31)}b`,
      "abcdefghijklmnopqrstuvwxyz0123456789",
      "qwertyuiopasdfghjklzxcvbnm123456",
      "correct horse battery staple 2024",
      ...placeholders,
    ]) {
      expect(() => createSessions({ secrets }), secrets).toThrow(expect.objectContaining({ code: "ERR_SECRET" }));
      expect(() => createSessions({ secrets: [SECRET, secrets] }), secrets).toThrow(
        expect.objectContaining({ code: "ERR_SECRET" }),
      );
    }
  });

  it("D8 times are in the authenticated part; a lowered timeout acts on cookies that exist", async () => {
    const clock = { time: 1_800_000_000 };
    const now = () => clock.time;
    for (const store of [{}, { store: memory() }]) {
      const cookie = await cookieOf({ ...store, now });
      clock.time += 2 * HOUR;
      expect(await whoIs({ ...store, now }, cookie)).toBe("alice");
      expect(await whoIs({ ...store, now, idleTimeout: HOUR }, cookie)).toBeUndefined();
      expect(await whoIs({ ...store, now, absoluteTimeout: HOUR }, cookie)).toBeUndefined();
      clock.time -= 2 * HOUR + 61;
      expect(await whoIs({ ...store, now }, cookie)).toBeUndefined();
      clock.time += 61 + 30 * DAY;
      expect(await whoIs({ ...store, now }, cookie)).toBeUndefined();
      clock.time -= 30 * DAY;
    }
  });

  it("D9 nothing in a token chooses anything: every header but ours is refused, whatever it asks for", async () => {
    for (const options of [{}, { readable: true }, { store: memory() }]) {
      const cookie = await cookieOf(options);
      const [name = "", token = ""] = [cookie.slice(0, cookie.indexOf("=")), tokenOf(cookie)];
      const [own = "", ...rest] = token.split(".");
      const header = JSON.parse(Buffer.from(own, "base64url").toString());
      const changes: object[] = [
        ...["none", "None", "HS384", "HS512", "RS256", "ES256", "dir", "A128KW", "RSA-OAEP"].map((alg) => ({ ...header, alg })),
        ...["A128GCM", "A128CBC-HS256", "A256CBC-HS512"].map((enc) => ({ ...header, enc })),
        { ...header, zip: "DEF" },
        { ...header, jku: "https://evil.example/keys.json" },
        { ...header, jwk: { kty: "oct", k: "AAAA" } },
        { ...header, crit: ["exp"] },
        { ...header, typ: "JWT" },
        { alg: header.alg, kid: header.kid },
        Object.fromEntries(Object.entries(header).reverse()),
      ];
      for (const changed of changes) {
        const text = Buffer.from(JSON.stringify(changed)).toString("base64url");
        expect(await whoIs(options, `${name}=${[text, ...rest].join(".")}`), JSON.stringify(changed)).toBeUndefined();
        expect(await whoIs(options, `${name}=${[text, rest[0], ""].join(".")}`)).toBeUndefined();
      }
      expect(await whoIs(options, cookie)).toBe("alice");
    }
  });

  it("D10 MACs are compared by the platform, in constant time, and by nothing else", async () => {
    const bytes = new Uint8Array(32).fill(7);
    const { verify } = crypto.subtle;
    let verified = 0;
    crypto.subtle.verify = ((...args: Parameters<typeof verify>) => {
      verified++;
      return verify.apply(crypto.subtle, args);
    }) as never;
    try {
      const cookie = await cookieOf({ store: memory(), rememberTokens: 0 });
      const forged = `${cookie.slice(0, -5)}AAAAA`;
      expect(await whoIs({ store: memory(), rememberTokens: 0 }, forged)).toBeUndefined();
    } finally {
      crypto.subtle.verify = verify;
    }
    expect(verified).toBe(1);
    const nodeCrypto = nodePrimitives();
    const key = await nodeCrypto.importKey(bytes, "mac");
    safelyCompared.count = 0;
    const mac = Uint8Array.from(Buffer.from(await nodeCrypto.sign(key, "a message"), "base64url"));
    expect([nodeCrypto.verify(key, "a message", mac), nodeCrypto.verify(key, "a message", bytes)]).toEqual([true, false]);
    expect(safelyCompared.count).toBe(2);
    const { keygripSigner } = await import("../../src/token/node-crypto.ts");
    const signer = keygripSigner([SECRET, OTHER_SECRET], "sha1");
    safelyCompared.count = 0;
    expect(signer.index("text", signer.sign("other"))).toBe(-1);
    expect(safelyCompared.count).toBe(2);
  });

  it("D10 no file of the library but the primitives computes a MAC, and none compares one by ===", () => {
    const computing = SOURCES.filter(({ text }) => /createHmac\(|hash\(this\.#algorithm|subtle\.sign\(/.test(text)).map(
      ({ file }) => file,
    );
    expect(computing.sort()).toEqual(["token/node-hmac.ts", "token/web-crypto.ts"]);
    for (const { file, text } of SOURCES)
      expect(text, file).not.toMatch(/\b(mac|hmac|signature|digest)\b (===|!==) (?!""|undefined|null)/);
  });

  it("D10 every way to be wrong gives the client the same answer", async () => {
    for (const options of [{}, { store: memory() }]) {
      const cookie = await cookieOf(options);
      const app = makeApp(options);
      const token = tokenOf(cookie);
      const at = (index: number) => token.slice(0, index) + (token[index] === "A" ? "B" : "A") + token.slice(index + 1);
      const answers: unknown[] = [];
      for (const value of [
        at(3),
        at(token.indexOf(".") + 5),
        at(token.lastIndexOf(".") + 5),
        token.slice(0, -1),
        "x",
        "..",
        `${token}.A`,
      ]) {
        const response = await app.answers((session) => new Response(`${session.isNew}`), { Cookie: `${USER_COOKIE}=${value}` });
        answers.push([response.status, [...response.headers], await response.text()]);
      }
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    }
  });

  it("D11 nothing is compressed or decompressed", () => {
    for (const { file, text } of SOURCES)
      expect(text, file).not.toMatch(/CompressionStream|node:zlib|deflate|inflate|gunzip|brotli/i);
  });

  it("D12 with a store an old cookie brings back no old data", async () => {
    const app = makeApp({ store: memory() });
    await app.does((session) => {
      session.login("alice");
      session.data.cart = ["apple"];
    });
    const before = app.browser.copy();
    await app.does((session) => Object.assign(session.data, { cart: [] }));
    expect(await app.does((session) => session.data.cart, before)).toEqual([]);
  });

  it("D12 a copy that is sent again shows old data for at most maxAge, and update() is not fooled by it, as documented", async () => {
    const app = makeApp({ store: memory(), copy: copy({ maxAge: 60 }) });
    await app.does((session) => {
      session.login("alice");
      session.data.credits = 1;
    });
    const rich = app.browser.copy();
    const spend = (session: { update(change: (data: Record<string, unknown>) => unknown): Promise<unknown> }) =>
      session.update((data) => {
        data.credits = Number(data.credits) - 1;
        return data.credits;
      });
    expect(await app.does(spend)).toBe(0);
    expect(await app.does((session) => session.data.credits, rich.copy())).toBe(1);
    expect(await app.does(spend, rich.copy())).toBe(-1);
    app.clock.pass(60);
    expect(await app.does((session) => session.data.credits, rich.copy())).toBe(-1);
  });

  it("D12 without a store an old cookie brings old data back until it ends, as documented", async () => {
    const app = makeApp();
    await app.does((session) => Object.assign(session.data, { credits: 1 }));
    const rich = app.browser.copy();
    await app.does((session) => Object.assign(session.data, { credits: 0 }));
    expect(await app.does((session) => session.data.credits, rich)).toBe(1);
  });

  it("D13 all cryptography is the platform's: no package for it, and no cipher or hash of our own", () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    const names = Object.keys({ ...dependencies, ...peerDependencies });
    expect(
      names.filter((name) => /crypt|jose|jws|jwt|sodium|noble|hash|cookie-sign|keygrip/i.test(name) && name !== "jose"),
    ).toEqual([]);
    const platform = SOURCES.filter(({ text }) => /crypto\.subtle|from "node:crypto"/.test(text)).map(({ file }) => file);
    expect(platform).toEqual(expect.arrayContaining(["token/node-hmac.ts", "token/web-crypto.ts"]));
  });
});
