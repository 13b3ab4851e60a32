/** Secrets that are long enough and easy to guess are refused, in every spelling; no random one ever is. */

import { describe, expect, it } from "vitest";
import session from "../../src/adapters/koa/index.ts";
import { fetched } from "../../src/features/fetched.ts";
import { createSessions, type SessionEvent } from "../../src/index.ts";
import { makeApp } from "../support/app.ts";
import { SECRET } from "../support/secrets.ts";
import { fakeKoa } from "./fake-koa.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const range = (from: number, step = 1) => Uint8Array.from({ length: 32 }, (_, at) => from + at * step);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const WEAK: [string, string | Uint8Array][] = [
  ["one character but for the last", `${"a".repeat(31)}b`],
  ["one character but for the first", `b${"a".repeat(40)}`],
  ["one character with others in between", "aaaaaaabaaaaaacaaaaaaadaaaaaaaea"],
  ["two characters, mixed", "abbabaabbaababbabaababbaabbabaab"],
  ["a word again and again, and a digit", `${"password".repeat(4)}1`],
  ["a word again and again, in other letters", "PasswordpasswordPASSWORDpassWORD!"],
  ["a phrase again and again, and its beginning", "open sesame open sesame open ses"],
  ["words and a number", "password123456789passwords2024!!"],
  ["famous words", "correct horse battery staple 2024"],
  ["a placeholder before much else", "this is my key: 7Jq2vX9bLw4RzKd8PfHb3UgEa6o"],
  ["a placeholder in one word", "mysessionkey7Jq2vX9bLw4RzKd8PfHb3UgEa6o"],
  ["words for what it is", "my-production-session-cookie-secret"],
  ["rows of the keyboard", "qwertyuiopasdfghjklzxcvbnm123456"],
  ["rows of the keyboard, upper case", "QWERTYUIOPASDFGHJKLZXCVBNM!@#$%^"],
  ["rows of the keyboard, backwards", "poiuytrewqlkjhgfdsamnbvcxz0987654321"],
  ["columns of the keyboard", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"],
  ["the letters", "abcdefghijklmnopqrstuvwxyzabcdef"],
  ["the letters and digits", "abcdefghijklmnopqrstuvwxyz0123456789"],
  ["the letters, backwards", "zyxwvutsrqponmlkjihgfedcbazyxwvu"],
  ["digits, up and down", "01234567890123456789987654321001"],
  ["digits, each twice", "00112233445566778899aabbccddeeff"],
  ["bytes 0 to 31", range(0)],
  ["bytes 255 to 224", range(255, -1)],
  ["bytes in steps of 7", range(3, 7)],
  ["bytes 0 to 31 but for one", range(0).with(9, 77)],
  ["bytes of a placeholder", ascii("your-secret-key-change-this-in-production")],
  ["bytes of a word again and again", ascii(`${"password".repeat(4)}1`)],
  ["bytes of a row of the keyboard", ascii("qwertyuiopasdfghjklzxcvbnm123456")],
  ["bytes 0 to 31 in hex", hex(range(0))],
  ["bytes 0 to 31 in upper-case hex", hex(range(0)).toUpperCase()],
  ["bytes 0 to 31 in base64", base64(range(0))],
  ["bytes 0 to 31 in base64url", Buffer.from(range(0)).toString("base64url")],
  ["a word again and again in base64", base64(ascii(`${"password".repeat(4)}1`))],
  ["a row of the keyboard in hex", hex(ascii("qwertyuiopasdfghjklzxcvbnm123456"))],
];

describe("a secret that is easy to guess", () => {
  it.each(WEAK)("is refused: %s", (_what, secrets) => {
    const refused = expect.objectContaining({
      code: "ERR_SECRET",
      message: expect.stringContaining("npx web-session-store keygen"),
    });
    expect(() => createSessions({ secrets })).toThrow(refused);
    expect(() => createSessions({ secrets: [SECRET, secrets] })).toThrow(refused);
  });

  it("is refused when it is fetched, too", async () => {
    const secrets = fetched({ get: async () => "qwertyuiopasdfghjklzxcvbnm123456" });
    await expect(makeApp({ secrets }).does((visitor) => visitor.login("alice"))).rejects.toMatchObject({ code: "ERR_SECRET" });
  });

  it("is in no message", () => {
    for (const [, secrets] of WEAK) {
      const shown = typeof secrets === "string" ? secrets : Buffer.from(secrets).toString("latin1");
      expect(() => createSessions({ secrets })).toThrow(expect.not.objectContaining({ message: expect.stringContaining(shown) }));
    }
  });

  it("in Koa's app.keys is reported, and works on", async () => {
    const events: SessionEvent[] = [];
    const onEvent = (event: SessionEvent) => events.push(event);
    const ask = fakeKoa(session({ onEvent }), ["qwertyuiopasdfghjklzxcvbnm123456"]);
    expect((await ask(null, (visitor) => visitor.login("alice"))).setCookie).toHaveLength(2);
    expect(events).toContainEqual({ type: "insecure", reason: "weak-key" });
  });
});

describe("a random secret", () => {
  const spellings: [string, number, (bytes: Buffer) => string | Uint8Array][] = [
    ["bytes", 32, (bytes) => Uint8Array.from(bytes)],
    ["base64", 32, (bytes) => bytes.toString("base64")],
    ["base64url", 32, (bytes) => bytes.toString("base64url")],
    ["hex", 32, (bytes) => bytes.toString("hex")],
    ["upper-case hex", 32, (bytes) => bytes.toString("hex").toUpperCase()],
    ["base64 of 64 bytes", 64, (bytes) => bytes.toString("base64")],
    ["base64 of 24 bytes, which is 32 characters", 24, (bytes) => bytes.toString("base64")],
    ["hex of 16 bytes, which is 32 characters", 16, (bytes) => bytes.toString("hex")],
    ["digits", 32, (bytes) => Array.from(bytes, (byte) => byte % 10).join("")],
    ["bits", 12, (bytes) => Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("")],
  ];

  it.each(spellings)("is never refused: 10,000 as %s", (_what, count, spell) => {
    const drawn = Buffer.from(crypto.getRandomValues(new Uint8Array(count * 1000)));
    for (let round = 0; round < 10; round++) {
      crypto.getRandomValues(drawn);
      for (let at = 0; at < drawn.length; at += count) {
        const bytes = drawn.subarray(at, at + count);
        expect(() => createSessions({ secrets: spell(bytes) }), bytes.toString("hex")).not.toThrow();
      }
    }
  });

  it("is not refused for a few letters that happen to be a word: this one has MyKey", () => {
    expect(() => createSessions({ secrets: "vtA/+bt9HyZGnSmyKEy4e0HMqOApi8kl" })).not.toThrow();
  });

  it("is looked at quickly, however long it is", () => {
    const long = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))).toString("base64");
    const start = performance.now();
    createSessions({ secrets: long });
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
