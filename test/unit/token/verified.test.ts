/** The memory of opened tokens: what it saves, what it holds, and what it forgets. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../../src/ground/encoding.ts";
import { newSessionId } from "../../../src/ground/session-id.ts";
import { type Claims, claimsToJson } from "../../../src/token/claims.ts";
import { type Opened, openedFrom, type TokenCodec, type TokenFault } from "../../../src/token/codec.ts";
import { encryptedTokens } from "../../../src/token/encrypted.ts";
import { signedTokens } from "../../../src/token/signed.ts";
import { type RememberingCodec, rememberTokens } from "../../../src/token/verified.ts";
import { webCrypto } from "../../../src/token/web-crypto.ts";
import { OLD_SECRET, SECRET } from "../../support/secrets.ts";

const CLAIMS: Claims = { sid: "abcdefghijklmnopqrstuvwxyzABCDEF", start: 1000, iat: 2000, exp: 3000 };
const MEGABYTE = 1024 * 1024;
const ROOMY = { tokens: 100, bytes: 1_000_000 };
const FAULTS: TokenFault[] = ["malformed", "unknown-key", "forged", "claims"];

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** A codec that opens every text to the same claims with this data, except texts that name a fault. */
function fakeCodec(data?: string) {
  const open = vi.fn(async (token: string): Promise<Opened | TokenFault> => {
    const fault = FAULTS.find((name) => name === token);
    return fault ?? { claims: Object.freeze(data === undefined ? { ...CLAIMS } : { ...CLAIMS, data }) };
  });
  let made = 0;
  const seal = vi.fn(async () => `made-${made++}`);
  return { open, seal } satisfies TokenCodec;
}

function spiedSigned(secrets: readonly string[]) {
  const verify = vi.fn(webCrypto.verify);
  const codec = signedTokens({ secrets, kind: "id", name: "session", context: "" }, { ...webCrypto, verify });
  return { codec, verify };
}

/** What is held in memory, once all garbage is gone. Bytes. */
function heldBytes(): number {
  for (let time = 0; time < 4; time++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Tokens without cryptography, of about the length that signed ones have. No spy is in it: a spy keeps what it is called with. */
const plainCodec: TokenCodec = {
  open: (token) => openedFrom(decodeBase64url(token.slice(37, -44)) ?? new Uint8Array(), undefined),
  seal: (claims) => `${"h".repeat(36)}.${encodeBase64url(encodeUtf8(claimsToJson(claims)))}.${newSessionId()}${"s".repeat(11)}`,
};

/** The most that a memory of 1 MB holds once it is full. Bytes. @param count So many tokens fill it four times and more. */
function mostHeld(count: number, add: (memory: RememberingCodec) => unknown): number {
  const fill = (memory: RememberingCodec, tokens: number): void => {
    for (let made = 0; made < tokens; made++) add(memory);
  };
  fill(rememberTokens(plainCodec, ROOMY), 20);
  const memory = rememberTokens(plainCodec, { tokens: 1_000_000, bytes: MEGABYTE });
  const before = heldBytes();
  fill(memory, count);
  let most = 0;
  for (let time = 0; time < 10; time++) {
    fill(memory, count / 60);
    most = Math.max(most, heldBytes() - before);
  }
  // So that the memory is held until here.
  expect(memory.open("none")).toBe("claims");
  return most;
}

/** Garbage of what ran before may be counted in, so it is measured up to three times. What is counted wrongly is out of bounds each time. */
function expectNearMegabyte(measure: () => number): void {
  const isNear = (share: number) => share > 0.75 && share < 1.2;
  let share = 0;
  for (let tries = 0; tries < 3 && !isNear(share); tries++) share = measure() / MEGABYTE;
  expect(share).toSatisfy(isNear);
}

describe("what the memory holds", () => {
  const shapes: [string, () => Partial<Claims>, count: number][] = [
    ["ids", () => ({}), 7500],
    ["ids and routes", () => ({ route: newSessionId() }), 7500],
    ["data of letters", () => ({ data: JSON.stringify({ text: newSessionId().repeat(60) }) }), 1000],
    ["data in two bytes", () => ({ data: JSON.stringify({ text: "\u6f22".repeat(700) }) }), 1000],
    ["long users", () => ({ sub: newSessionId().repeat(60) }), 1000],
  ];
  const claims = (more: Partial<Claims>): Claims => ({ ...CLAIMS, sid: newSessionId(), ...more });
  const openNew = (memory: RememberingCodec, more: Partial<Claims>) => memory.open(plainCodec.seal(claims(more)) as string);

  it.each(shapes)(
    "is at most a fifth more than its limit and at least three quarters of it, of tokens opened: %s",
    (_name, more, count) => {
      expectNearMegabyte(() => mostHeld(count, (memory) => openNew(memory, more())));
    },
  );

  it.each(shapes)(
    "is at most a fifth more than its limit and at least three quarters of it, of tokens made: %s",
    (_name, more, count) => {
      expectNearMegabyte(() => mostHeld(count, (memory) => memory.seal(claims(more()))));
    },
  );

  it("is not the whole form that a user's name was cut from", () => {
    const form = () => `${newSessionId()}@example.org,${"x".repeat(20_000)}`;
    const most = mostHeld(600, (memory) => memory.seal(claims({ sub: form().slice(0, 44) })));
    expect(most).toBeLessThan(MEGABYTE);
  });

  it("is not the whole header that a token was cut from", () => {
    const most = mostHeld(600, (memory) => {
      const token = plainCodec.seal(claims({})) as string;
      return memory.open(`${token}; ${"x".repeat(20_000)}`.slice(0, token.length));
    });
    expect(most).toBeLessThan(MEGABYTE);
  });
});

describe("rememberTokens()", () => {
  it("answers a token it has opened without a promise and without cryptography", async () => {
    const token = await spiedSigned([SECRET]).codec.seal({ ...CLAIMS });
    const { codec, verify } = spiedSigned([SECRET]);
    const memory = rememberTokens(codec, ROOMY);
    const miss = memory.open(token);
    expect(miss).toBeInstanceOf(Promise);
    const opened = await miss;
    expect(opened).toEqual({ claims: CLAIMS });
    expect(verify).toHaveBeenCalledTimes(1);
    expect(memory.open(token)).toEqual(opened);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it("answers an encrypted token it has opened without decrypting it again", async () => {
    const options = { secrets: [SECRET], name: "session", context: "" };
    const token = await encryptedTokens(options, webCrypto).seal({ ...CLAIMS, data: '{"a":1}' });
    const open = vi.fn(webCrypto.open);
    const memory = rememberTokens(encryptedTokens(options, { ...webCrypto, open }), ROOMY);
    await memory.open(token);
    expect(memory.open(token)).toEqual({ claims: { ...CLAIMS, data: '{"a":1}' } });
    expect(open).toHaveBeenCalledTimes(1);
  });

  it("remembers a token it has just made", async () => {
    const { codec, verify } = spiedSigned([SECRET]);
    const memory = rememberTokens(codec, ROOMY);
    const token = await memory.seal({ ...CLAIMS });
    expect(memory.open(token)).toEqual({ claims: CLAIMS });
    expect(verify).not.toHaveBeenCalled();
  });

  it("answers the same for a made token as its codec does", async () => {
    const { codec } = spiedSigned([SECRET]);
    const memory = rememberTokens(codec, ROOMY);
    const token = await memory.seal({ ...CLAIMS, sub: "alice", data: '{"a":{"b":[1,2]}}' });
    expect(memory.open(token)).toEqual(await codec.open(token));
  });

  it("does not take a token for another that differs in one character", async () => {
    const { codec } = spiedSigned([SECRET]);
    const memory = rememberTokens(codec, ROOMY);
    const token = await memory.seal({ ...CLAIMS });
    expect(await memory.open(`${token}A`)).toBe("malformed");
    expect(await memory.open(token.slice(0, -1))).toBe("malformed");
    expect(await memory.open(token.toLowerCase())).toBe("unknown-key");
  });

  it("does not remember a token of an older key, which is made again soon", async () => {
    const token = await spiedSigned([OLD_SECRET]).codec.seal({ ...CLAIMS });
    const memory = rememberTokens(spiedSigned([SECRET, OLD_SECRET]).codec, ROOMY);
    const opened = await memory.open(token);
    expect(opened).toMatchObject({ olderKey: expect.stringMatching(/^[\w-]{11}$/) });
    const again = memory.open(token);
    expect(again).toBeInstanceOf(Promise);
    expect(await again).toEqual(opened);
  });

  it("gives frozen claims, for tokens opened and for tokens made", async () => {
    const { codec } = spiedSigned([SECRET]);
    const token = await codec.seal({ ...CLAIMS });
    const memory = rememberTokens(codec, ROOMY);
    await memory.open(token);
    const made = await memory.seal({ ...CLAIMS, iat: 2001 });
    for (const known of [token, made]) {
      const { claims } = memory.open(known) as Opened;
      expect(Object.isFrozen(claims)).toBe(true);
      expect(() => Object.assign(claims, { sid: "x" })).toThrow(TypeError);
    }
  });

  it.each(FAULTS)("never remembers the fault %s", async (fault) => {
    const codec = fakeCodec();
    const memory = rememberTokens(codec, ROOMY);
    expect(await memory.open(fault)).toBe(fault);
    expect(memory.open(fault)).toBeInstanceOf(Promise);
    expect(codec.open).toHaveBeenCalledTimes(2);
  });

  it("does not remember that a codec threw", async () => {
    const codec = fakeCodec();
    codec.open.mockRejectedValueOnce(new Error("out of order"));
    codec.seal.mockRejectedValueOnce(new Error("out of order"));
    const memory = rememberTokens(codec, ROOMY);
    await expect(memory.open("token")).rejects.toThrow("out of order");
    expect(await memory.open("token")).toEqual({ claims: CLAIMS });
    await expect(memory.seal({ ...CLAIMS })).rejects.toThrow("out of order");
    expect(await memory.seal({ ...CLAIMS })).toBe("made-0");
  });

  it("forgets a token, and no other", async () => {
    const codec = fakeCodec();
    const memory = rememberTokens(codec, ROOMY);
    await memory.open("a");
    await memory.open("b");
    memory.forget("a");
    memory.forget("never seen");
    expect(memory.open("b")).not.toBeInstanceOf(Promise);
    expect(memory.open("a")).toBeInstanceOf(Promise);
  });

  it("forgets a token that it made", async () => {
    const memory = rememberTokens(fakeCodec(), ROOMY);
    const token = await memory.seal({ ...CLAIMS });
    memory.forget(token);
    expect(memory.open(token)).toBeInstanceOf(Promise);
  });

  it("holds no more tokens than its limit, and lets those used longest ago go first", async () => {
    const memory = rememberTokens(fakeCodec(), { tokens: 4, bytes: 1_000_000 });
    for (const token of ["a", "b", "c"]) await memory.open(token);
    expect(memory.open("a")).not.toBeInstanceOf(Promise);
    await memory.open("d");
    for (const token of ["a", "c", "d"]) expect(memory.open(token)).not.toBeInstanceOf(Promise);
    expect(memory.open("b")).toBeInstanceOf(Promise);
  });

  it("keeps a token that is in use, whatever number of others comes, and never more of those than its limit", async () => {
    const codec = fakeCodec();
    const memory = rememberTokens(codec, { tokens: 10, bytes: 1_000_000 });
    await memory.open("used");
    const others = Array.from({ length: 200 }, (_, number) => `other-${number}`);
    for (const token of others) {
      await memory.open(token);
      expect(memory.open("used")).not.toBeInstanceOf(Promise);
    }
    codec.open.mockClear();
    codec.open.mockReturnValue(new Promise(() => {}));
    const held = others.filter((token) => !(memory.open(token) instanceof Promise));
    expect(held.length).toBeGreaterThanOrEqual(4);
    expect(held.length).toBeLessThanOrEqual(9);
  });

  it("counts tokens it made like tokens it opened", async () => {
    const memory = rememberTokens(fakeCodec(), { tokens: 2, bytes: 1_000_000 });
    await memory.open("a");
    await memory.seal({ ...CLAIMS });
    await memory.seal({ ...CLAIMS });
    expect(memory.open("made-0")).not.toBeInstanceOf(Promise);
    expect(memory.open("made-1")).not.toBeInstanceOf(Promise);
    expect(memory.open("a")).toBeInstanceOf(Promise);
  });

  it("holds no more bytes than its limit, and lets the one used longest ago go first", async () => {
    const data = JSON.stringify({ text: "x".repeat(2000) });
    const memory = rememberTokens(fakeCodec(data), { tokens: 100, bytes: 6000 });
    await memory.open("a");
    await memory.open("b");
    expect(memory.open("a")).not.toBeInstanceOf(Promise);
    await memory.open("c");
    for (const token of ["a", "c"]) expect(memory.open(token)).not.toBeInstanceOf(Promise);
    expect(memory.open("b")).toBeInstanceOf(Promise);
  });

  it("counts the bytes of long tokens without data", async () => {
    const memory = rememberTokens(fakeCodec(), { tokens: 100, bytes: 10_000 });
    const tokens = ["a", "b", "c"].map((letter) => letter.repeat(4000));
    for (const token of tokens) await memory.open(token);
    const held = tokens.map((token) => !(memory.open(token) instanceof Promise));
    expect(held).toEqual([false, true, true]);
  });

  it("does not remember a token that is larger than all its bytes, and keeps the others", async () => {
    const memory = rememberTokens(fakeCodec(), { tokens: 100, bytes: 3000 });
    await memory.open("a");
    const large = "x".repeat(4000);
    expect(await memory.open(large)).toEqual({ claims: CLAIMS });
    expect(memory.open(large)).toBeInstanceOf(Promise);
    expect(memory.open("a")).not.toBeInstanceOf(Promise);
  });

  it("remembers nothing with a limit of no tokens", async () => {
    const memory = rememberTokens(fakeCodec(), { tokens: 0, bytes: 1_000_000 });
    await memory.open("a");
    const made = await memory.seal({ ...CLAIMS });
    expect(memory.open("a")).toBeInstanceOf(Promise);
    expect(memory.open(made)).toBeInstanceOf(Promise);
  });

  it("counts a token once that two requests open at the same time", async () => {
    const data = JSON.stringify({ text: "x".repeat(2000) });
    const memory = rememberTokens(fakeCodec(data), { tokens: 100, bytes: 6000 });
    await Promise.all([memory.open("a"), memory.open("a"), memory.open("a")]);
    await memory.open("b");
    for (const token of ["a", "b"]) expect(memory.open(token)).not.toBeInstanceOf(Promise);
  });

  it("gives the room of forgotten tokens back", async () => {
    const data = JSON.stringify({ text: "x".repeat(2000) });
    const memory = rememberTokens(fakeCodec(data), { tokens: 100, bytes: 6000 });
    for (let round = 0; round < 20; round++) {
      await memory.open("a");
      memory.forget("a");
      memory.forget("a");
    }
    await memory.open("a");
    await memory.open("b");
    await memory.open("c");
    const held = ["a", "b", "c"].map((token) => !(memory.open(token) instanceof Promise));
    expect(held).toEqual([false, true, true]);
  });

  it("does not count forgotten tokens any more, so that they displace none", async () => {
    const data = JSON.stringify({ text: "x".repeat(2000) });
    const memory = rememberTokens(fakeCodec(data), { tokens: 1000, bytes: 30_000 });
    await memory.open("kept");
    for (let round = 0; round < 50; round++) {
      await memory.open(`round ${round}`);
      memory.forget(`round ${round}`);
      memory.forget(await memory.seal({ ...CLAIMS, data }));
    }
    expect(memory.open("kept")).not.toBeInstanceOf(Promise);
  });

  it("keeps a made token's user letter by letter", async () => {
    const memory = rememberTokens(spiedSigned([SECRET]).codec, ROOMY);
    const sub = "\ud800 of the house \u6f22";
    const token = await memory.seal({ ...CLAIMS, sub });
    expect(memory.open(token)).toEqual({ claims: { ...CLAIMS, sub } });
  });

  it("remembers at once what a codec without promises answers", () => {
    const open = vi.fn((): Opened => ({ claims: CLAIMS }));
    const memory = rememberTokens({ open, seal: () => "made" }, ROOMY);
    expect(memory.open("a")).toEqual({ claims: CLAIMS });
    expect(memory.open("a")).toEqual({ claims: CLAIMS });
    expect(memory.seal({ ...CLAIMS })).toBe("made");
    expect(open).toHaveBeenCalledTimes(1);
  });
});
