/** What is made once and kept: settled values, and never a promise, which on Workers would belong to one request. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { koaTokens } from "../../src/accept/koa-session-store.ts";
import { ownTokens } from "../../src/accept/own.ts";
import { sessionJwt } from "../../src/features/jwt.ts";
import { once } from "../../src/ground/maybe-promise.ts";
import { Script } from "../../src/stores/redis/scripts.ts";
import { encryptedTokens } from "../../src/token/encrypted.ts";
import { signedTokens } from "../../src/token/signed.ts";
import { webCrypto } from "../../src/token/web-crypto.ts";
import { SECRET } from "../support/secrets.ts";

afterEach(() => void vi.restoreAllMocks());

const NEVER = new Promise<never>(() => {});

describe("once()", () => {
  it("makes nothing before it is asked, and then gives what it has without a promise", async () => {
    const make = vi.fn(async () => "made");
    const get = once(make);
    expect(make).not.toHaveBeenCalled();
    expect(await get()).toBe("made");
    expect(get()).toBe("made");
    expect(make).toHaveBeenCalledTimes(1);
  });

  it("keeps what came without a promise, undefined too", () => {
    const make = vi.fn(() => undefined);
    const get = once(make);
    expect([get(), get()]).toEqual([undefined, undefined]);
    expect(make).toHaveBeenCalledTimes(1);
  });

  it("tries again after a failure, with a promise or without", async () => {
    const make = vi.fn<() => string | Promise<string>>(() => "made");
    make.mockRejectedValueOnce(new Error("out of order"));
    make.mockImplementationOnce(() => {
      throw new Error("out of order");
    });
    const get = once(make);
    await expect(get()).rejects.toThrow("out of order");
    expect(get).toThrow("out of order");
    expect(get()).toBe("made");
  });

  it("waits for nobody else's promise, and keeps the first that comes", async () => {
    const ends: ((value: string) => void)[] = [];
    const get = once(() => new Promise<string>((resolve) => ends.push(resolve)));
    const [slow, fast] = [get(), get()];
    ends[1]?.("fast");
    expect(await fast).toBe("fast");
    expect(get()).toBe("fast");
    ends[0]?.("slow");
    expect(await slow).toBe("fast");
    expect(get()).toBe("fast");
  });

  it("gives what another made where its own attempt failed", async () => {
    const ends: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
    const get = once(() => new Promise<string>((resolve, reject) => ends.push({ resolve, reject })));
    const [unlucky, lucky] = [get(), get()];
    ends[1]?.resolve("made");
    await lucky;
    ends[0]?.reject(new Error("out of order"));
    expect(await unlucky).toBe("made");
  });
});

/** What each of them does first, and what it then must be able to do although the first attempt never ends. */
const claims = { sid: "a".repeat(32), start: 1, iat: 1, exp: 2 };
const scope = { secrets: [SECRET], name: "session", context: "" };
const key = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
const privateKey = { ...key, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" };

it.each<[string, "importKey" | "digest", () => () => unknown]>([
  [
    "signed tokens",
    "importKey",
    () => {
      const codec = signedTokens({ ...scope, kind: "id" }, webCrypto);
      return () => codec.seal(claims);
    },
  ],
  [
    "encrypted tokens",
    "importKey",
    () => {
      const codec = encryptedTokens(scope, webCrypto);
      return () => codec.seal(claims);
    },
  ],
  [
    "tokens of other options",
    "importKey",
    () => {
      const codec = ownTokens({ secrets: SECRET });
      return () => codec.open("eyJ.a.b.c.d");
    },
  ],
  [
    "Koa's cookies",
    "importKey",
    () => {
      const codec = koaTokens({ keys: [SECRET] });
      return () => codec.open(`e30=\n${"A".repeat(27)}`);
    },
  ],
  [
    "JWTs",
    "importKey",
    () => {
      const { jwks } = sessionJwt({ key: privateKey, algorithm: "EdDSA" });
      return jwks;
    },
  ],
  [
    "Redis's scripts",
    "digest",
    () => {
      const script = new Script("return 1");
      return () => script.sha1();
    },
  ],
])("a promise of Web Crypto that never ends stops one caller and no other: %s", async (_what, operation, make) => {
  const use = make();
  vi.spyOn(crypto.subtle, operation).mockReturnValueOnce(NEVER);
  let first = "waits";
  Promise.resolve(use()).then(() => {
    first = "goes on";
  });
  expect(await use()).toBeTruthy();
  expect(first).toBe("waits");
});
