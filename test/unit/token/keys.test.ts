/** Secrets: which are refused, and which keys come of the others. */
import { hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/ground/errors.ts";
import { deriveKeys, type KeyPlan, keyInfo } from "../../../src/token/keys.ts";
import { checkSecrets } from "../../../src/token/secrets.ts";
import { webCrypto } from "../../../src/token/web-crypto.ts";
import { OLD_SECRET, OTHER_SECRET, SECRET } from "../../support/secrets.ts";

const SCOPE = { name: "session", context: "" };
const PLAN: KeyPlan = { kind: "id", use: "mac", header: { alg: "HS256" } };

function refusal(secrets: unknown): OptionError {
  try {
    checkSecrets(secrets as string);
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("checkSecrets()", () => {
  it.each([
    ["undefined", undefined],
    ["null", null],
    ["an empty list", []],
    ["a list of undefined entries", [undefined, undefined]],
    ["an empty string", ""],
    ["an empty string in a list", [SECRET, ""]],
    ["null in a list", [SECRET, null]],
    ["a number in a list", [42]],
    ["bytes in a list", [new Uint8Array(32)]],
    ["31 bytes", "qX7!mB2#vN9$kL4%pR6^tY8&wZ1*cD3"],
    ["31 bytes as second secret", [SECRET, "qX7!mB2#vN9$kL4%pR6^tY8&wZ1*cD3"]],
    ["one character over and over", "a".repeat(64)],
    ["zeros", "0".repeat(32)],
    ["spaces", " ".repeat(40)],
    ["two characters over and over", "ab".repeat(20)],
    ["digits over and over", "12345678901234567890123456789012"],
    ["a word over and over", "passwordpasswordpasswordpassword"],
    ["a word over and over, cut short", "secretsecretsecretsecretsecretsec"],
    ["a line over and over", `${"correct horse\n".repeat(3)}correct`],
    ["the same half twice", "0123456789abcdef0123456789abcdef"],
    ["the secret twice", [SECRET, SECRET]],
    ["the secret twice around another", [SECRET, OTHER_SECRET, SECRET]],
  ])("refuses %s", (_, secrets) => {
    expect(refusal(secrets).code).toBe("ERR_SECRET");
  });

  it.each([
    "complex_password_at_least_32_characters_long",
    "your-secret-key-change-this-in-production-please",
    "YOUR_SUPER_SECRET_KEY_0123456789_0123456789",
    "this is my session secret for development only",
    "change-me-change-me-please-before-you-deploy-it",
    "keyboard cat walks over all the keys of the piano",
    "a secret that should be at least 32 characters",
    "<insert-a-long-random-string-here-before-use>",
    "placeholder-0123456789-abcdefghijklmnopqrstuv",
    "replace_me_with_something_long_and_random_now",
    "some-secret-value-that-came-with-the-template",
  ])("refuses the placeholder %j", (secret) => {
    expect(refusal(secret).code).toBe("ERR_SECRET");
    expect(refusal([SECRET, secret]).code).toBe("ERR_SECRET");
  });

  it.each([
    ["base64", "hOxkTJ2qwmkHk3zUTZ6UPWaPbBKnpLZ9gdBTDRnTvFM="],
    ["base64url", "3q2-7wX_9kLmPz0aVtYbNc8dRfGhJs5uQeWiTo1pAxY"],
    ["hex", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ["a random passphrase", "orbit velvet hammer cactus window lantern"],
    ["exactly 32 bytes", "qX7!mB2#vN9$kL4%pR6^tY8&wZ1*cD3("],
    ["32 bytes in fewer characters", "ñÑáÁéÉíÍóÓúÚüÜ¿¡"],
  ])("takes %s", (_, secret) => {
    expect(checkSecrets(secret)).toEqual([secret]);
  });

  it("takes passphrases of random words, whatever letters meet between two of them", () => {
    for (const phrase of ["pizza keyhole walnut granite copper lilac", "exchange insect marble sunset quiver tango"]) {
      expect(checkSecrets(phrase)).toEqual([phrase]);
    }
  });

  it("takes random base64 in which the letters of a placeholder turn up by chance", () => {
    const secret = "hOxkTJ2qwmkHk3zUTZ6UPWaKeyKnpLZ9gdBTDRnTvFM=";
    expect(checkSecrets(secret)).toEqual([secret]);
  });

  it("keeps the order of a list and drops undefined entries", () => {
    expect(checkSecrets([undefined, SECRET, undefined, OLD_SECRET])).toEqual([SECRET, OLD_SECRET]);
  });

  it("does not change the caller's list", () => {
    const list = [SECRET, undefined];
    checkSecrets(list);
    expect(list).toEqual([SECRET, undefined]);
  });

  it.each([
    "tooShort-Zk8!qW",
    "zZzZzZzZzZzZzZzZzZzZzZzZzZzZzZzZzZzZ",
    "complex_password_at_least_32_characters_long",
    "your-secret-key-change-this-in-production-please",
  ])("never puts a secret such as %j in the message", (secret) => {
    for (const secrets of [secret, [SECRET, secret]]) {
      const { message, stack } = refusal(secrets);
      for (const text of [message, stack?.split("\n    at ")[0]]) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(secret.slice(0, 8));
        expect(text).not.toContain(SECRET);
      }
    }
    expect(refusal([SECRET, SECRET]).message).not.toContain(SECRET);
  });

  it("says which secret of a list is wrong, and how to make one", () => {
    expect(refusal([SECRET, "short"]).message).toContain("number 2");
    expect(refusal([SECRET, "short"]).message).toContain("npx web-session-store keygen");
    expect(refusal([]).message).toContain("npx web-session-store keygen");
  });
});

describe("keyInfo()", () => {
  it("names library, format version, kind, cookie name and context, with NUL between them", () => {
    const info = keyInfo("id", { name: "session", context: "shop/production" });
    expect(Buffer.from(info).toString()).toBe("web-session-store\x001\0id\0session\0shop/production");
  });

  it("tells apart scopes whose texts joined would be equal", () => {
    const one = keyInfo("id", { name: "ab", context: "c" });
    const other = keyInfo("id", { name: "a", context: "bc" });
    expect(one).not.toEqual(other);
  });
});

describe("deriveKeys()", () => {
  it("gives the first secret's key as the one that writes, and finds all by their header", async () => {
    const keys = await deriveKeys([SECRET, OLD_SECRET], SCOPE, PLAN, webCrypto);
    const old = await deriveKeys([OLD_SECRET], SCOPE, PLAN, webCrypto);
    const only = await deriveKeys([SECRET], SCOPE, PLAN, webCrypto);
    expect(keys.current.header).toBe(only.current.header);
    expect(keys.find(only.current.header)).toBe(keys.current);
    expect(keys.find(old.current.header)?.id).toBe(old.current.id);
    expect(keys.find("")).toBeUndefined();
    expect(keys.find(`${old.current.header}=`)).toBeUndefined();
  });

  it("takes the key id from a derivation of its own, so that it tells nothing about the key", async () => {
    const { current } = await deriveKeys([SECRET], SCOPE, PLAN, webCrypto);
    const derived = (kind: string, length: number) =>
      Buffer.from(hkdfSync("sha256", SECRET, "", ["web-session-store", "1", kind, "session", ""].join("\0"), length));
    expect(current.id).toBe(derived("id.kid", 8).toString("base64url"));
    expect(derived("id", 32).subarray(0, 8)).not.toEqual(derived("id.kid", 8));
  });

  it("gives different ids for every kind, name, context and secret", async () => {
    const plans: KeyPlan[] = [PLAN, { ...PLAN, kind: "data" }, { ...PLAN, kind: "readable" }];
    const scopes = [SCOPE, { name: "other", context: "" }, { name: "session", context: "staging" }];
    const ids = await Promise.all(
      [SECRET, OLD_SECRET].flatMap((secret) =>
        plans.flatMap((plan) => scopes.map(async (scope) => (await deriveKeys([secret], scope, plan, webCrypto)).current.id)),
      ),
    );
    expect(new Set(ids).size).toBe(18);
  });

  it("refuses two secrets that give the same key id", async () => {
    const derive = () => new Uint8Array(32);
    await expect(deriveKeys([SECRET, OLD_SECRET], SCOPE, PLAN, { ...webCrypto, derive })).rejects.toMatchObject({
      code: "ERR_SECRET",
    });
  });

  it("makes keys that cannot be exported", async () => {
    const { current } = await deriveKeys([SECRET], SCOPE, PLAN, webCrypto);
    expect((current.key as CryptoKey).extractable).toBe(false);
  });
});
