/** Content keys: how many tokens one seals and for how long, who makes it, and what is remembered to open with. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeBase64url, encodeUtf8 } from "../../../src/ground/encoding.ts";
import { ContentKeys, type SealedUnder } from "../../../src/token/content-keys.ts";
import { nodePrimitives } from "../../../src/token/node-crypto.ts";
import type { NewContentKey, Primitives, Sealed } from "../../../src/token/web-crypto.ts";

const MOST_TOKENS = 2 ** 20;
const HOUR = 60 * 60 * 1000;
const MOST_REMEMBERED = 500;
const HEADER = "a header";
const TEXT = encodeUtf8("what a token says");
const NOTHING = new Uint8Array(0);
const SEALED: Sealed = { iv: NOTHING, ciphertext: NOTHING, tag: NOTHING };

const node = nodePrimitives();
const wrapping = node.importKey(new Uint8Array(32).fill(7), "wrap");

/** Cryptography that only counts: its keys are 1, 2, 3 ..., and each opens what says its number. */
function counting(more: Partial<Primitives> = {}) {
  let keys = 0;
  const makeContentKey = vi.fn((): NewContentKey<unknown> => {
    const wrapped = new Uint8Array(40);
    new DataView(wrapped.buffer).setUint32(0, ++keys);
    return { key: keys, wrapped };
  });
  const primitives = { makeContentKey, seal: () => SEALED, ...more } as unknown as Primitives;
  return { makeContentKey, contentKeys: new ContentKeys({ key: "wrapping", header: HEADER }, primitives) };
}

/** Several processes with one secret, on Node's cryptography; and how often keys were unwrapped. */
function processes(count: number) {
  const unwrap = vi.fn(node.unwrap);
  const make = () => new ContentKeys({ key: wrapping, header: HEADER }, { ...node, unwrap });
  return { unwrap, all: Array.from({ length: count }, make) };
}

const opened = (contentKeys: ContentKeys, { wrapped, ...sealed }: SealedUnder) => contentKeys.open(wrapped, sealed);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

describe("a content key seals", () => {
  it("2^20 tokens, and not one more", () => {
    const { contentKeys, makeContentKey } = counting();
    const keys = new Map<string, number>();
    for (let token = 0; token < 2 * MOST_TOKENS; token++) {
      const { wrapped } = contentKeys.seal(TEXT) as SealedUnder;
      keys.set(wrapped, (keys.get(wrapped) ?? 0) + 1);
    }
    expect([...keys.values()]).toEqual([MOST_TOKENS, MOST_TOKENS]);
    expect(makeContentKey).toHaveBeenCalledTimes(2);
  });

  it("2^20 tokens, counted when it is given out: those that are under way, and those that fail", () => {
    const never = new Promise<Sealed>(() => {});
    for (const seal of [
      () => never,
      () => {
        throw new Error("out of order");
      },
    ]) {
      const { contentKeys, makeContentKey } = counting({ seal });
      const sealOne = () => {
        try {
          contentKeys.seal(TEXT);
        } catch {
          // Counted all the same.
        }
      };
      for (let token = 0; token < MOST_TOKENS; token++) sealOne();
      expect(makeContentKey).toHaveBeenCalledTimes(1);
      sealOne();
      expect(makeContentKey).toHaveBeenCalledTimes(2);
    }
  });

  it.each([
    ["for less than an hour", HOUR - 1, 1],
    ["not for an hour", HOUR, 2],
    ["not after the clock was put far on", 1e12, 2],
    ["not after the clock was set back to before it was made", -1, 2],
    ["not when the clock tells no time", Number.NaN, 2],
  ])("%s", (_, milliseconds, keys) => {
    const { contentKeys, makeContentKey } = counting();
    const begun = Date.now();
    contentKeys.seal(TEXT);
    vi.spyOn(Date, "now").mockReturnValue(begun + milliseconds);
    contentKeys.seal(TEXT);
    expect(makeContentKey).toHaveBeenCalledTimes(keys);
    vi.mocked(Date.now).mockRestore();
  });

  it("for an hour since it was made, also when it is in use all the time", () => {
    const { contentKeys, makeContentKey } = counting();
    for (let minute = 0; minute < 180; minute++) {
      contentKeys.seal(TEXT);
      vi.advanceTimersByTime(60_000);
    }
    expect(makeContentKey).toHaveBeenCalledTimes(3);
  });

  it("only after the first token is made: until then there is none", () => {
    expect(counting().makeContentKey).not.toHaveBeenCalled();
  });
});

describe("who needs a content key while another request makes one", () => {
  /** Content keys whose making ends when the test says so. */
  function slow() {
    const making: ((key: number | Error) => void)[] = [];
    const makeContentKey = vi.fn(
      () =>
        new Promise<NewContentKey<unknown>>((resolve, reject) =>
          making.push((key) => {
            if (key instanceof Error) reject(key);
            else resolve({ key, wrapped: new Uint8Array(40).fill(key) });
          }),
        ),
    );
    return { making, ...counting({ makeContentKey } as never), makeContentKey };
  }

  it("makes one too, and the first that comes seals for both", async () => {
    const { contentKeys, making } = slow();
    const both = [contentKeys.seal(TEXT), contentKeys.seal(TEXT)];
    expect(both[0]).not.toBe(both[1]);
    expect(making).toHaveLength(2);
    making[1]?.(2);
    const second = await both[1];
    making[0]?.(1);
    expect((await both[0])?.wrapped).toBe(second?.wrapped);
    expect((contentKeys.seal(TEXT) as SealedUnder).wrapped).toBe(second?.wrapped);
  });

  it("does not wait for a request that was given up", async () => {
    const { contentKeys, making } = slow();
    void contentKeys.seal(TEXT);
    const other = contentKeys.seal(TEXT);
    making[1]?.(2);
    expect(await other).toMatchObject({ wrapped: encodeBase64url(new Uint8Array(40).fill(2)) });
  });

  it("is not told about its failure, and the failure is not remembered", async () => {
    const { contentKeys, making } = slow();
    const [failing, other] = [contentKeys.seal(TEXT), contentKeys.seal(TEXT)];
    making[0]?.(new Error("out of order"));
    await expect(failing).rejects.toThrow("out of order");
    making[1]?.(2);
    await other;
    const later = slow();
    const first = later.contentKeys.seal(TEXT);
    later.making[0]?.(new Error("out of order"));
    await expect(first).rejects.toThrow("out of order");
    const second = later.contentKeys.seal(TEXT);
    later.making[1]?.(3);
    expect(await second).toMatchObject({ wrapped: encodeBase64url(new Uint8Array(40).fill(3)) });
  });

  it("counts for the key it gets, and makes another where that has sealed enough meanwhile", async () => {
    const { contentKeys, making } = slow();
    const [first, late] = [contentKeys.seal(TEXT), contentKeys.seal(TEXT)];
    making[0]?.(1);
    const { wrapped } = await (first as Promise<SealedUnder>);
    for (let token = 1; token < MOST_TOKENS; token++) contentKeys.seal(TEXT);
    making[1]?.(2);
    expect((await late).wrapped).not.toBe(wrapped);
  });
});

describe("to open a token", () => {
  it("what was made here is not unwrapped", () => {
    const { all, unwrap } = processes(1);
    const [own] = all as [ContentKeys];
    expect(opened(own, own.seal(TEXT) as SealedUnder)).toEqual(Buffer.from(TEXT));
    expect(unwrap).not.toHaveBeenCalled();
  });

  it("the key of another process is unwrapped once, and an older one of this process not at all", () => {
    const { all, unwrap } = processes(2);
    const [here, there] = all as [ContentKeys, ContentKeys];
    const tokens = [0, 1, 2].map(() => there.seal(TEXT) as SealedUnder);
    for (const token of tokens) expect(opened(here, token)).toEqual(Buffer.from(TEXT));
    expect(unwrap).toHaveBeenCalledTimes(1);
    const older = here.seal(TEXT) as SealedUnder;
    vi.setSystemTime(Date.now() + HOUR);
    expect((here.seal(TEXT) as SealedUnder).wrapped).not.toBe(older.wrapped);
    expect(opened(here, older)).toEqual(Buffer.from(TEXT));
    expect(unwrap).toHaveBeenCalledTimes(1);
  });

  it("500 keys are remembered, and the oldest one goes; its tokens open all the same", () => {
    const { all, unwrap } = processes(MOST_REMEMBERED + 1);
    const tokens = all.map((process) => process.seal(TEXT) as SealedUnder);
    const [here] = processes(1).all as [ContentKeys];
    const counted = new ContentKeys({ key: wrapping, header: HEADER }, { ...node, unwrap });
    for (const token of tokens) opened(counted, token);
    expect(unwrap).toHaveBeenCalledTimes(MOST_REMEMBERED + 1);
    for (const token of tokens.slice(1)) opened(counted, token);
    expect(unwrap).toHaveBeenCalledTimes(MOST_REMEMBERED + 1);
    expect(opened(counted, tokens[0] as SealedUnder)).toEqual(Buffer.from(TEXT));
    expect(unwrap).toHaveBeenCalledTimes(MOST_REMEMBERED + 2);
    expect(opened(here, tokens[0] as SealedUnder)).toEqual(Buffer.from(TEXT));
  });

  it("what the key that seals was forgotten for does not stop it", () => {
    const { all } = processes(MOST_REMEMBERED + 2);
    const [here, ...others] = all as [ContentKeys, ...ContentKeys[]];
    const own = here.seal(TEXT) as SealedUnder;
    for (const other of others) opened(here, other.seal(TEXT) as SealedUnder);
    const later = here.seal(TEXT) as SealedUnder;
    expect(later.wrapped).toBe(own.wrapped);
    for (const token of [own, later]) expect(opened(here, token)).toEqual(Buffer.from(TEXT));
  });

  it("nothing that failed is remembered: no key that is not ours, and none of a token that was changed", () => {
    const { all, unwrap } = processes(2);
    const [here, there] = all as [ContentKeys, ContentKeys];
    const genuine = there.seal(TEXT) as SealedUnder;
    const garbage = encodeBase64url(new Uint8Array(40).fill(1));
    for (let times = 1; times <= 3; times++) {
      expect(opened(here, { ...genuine, wrapped: garbage })).toBeNull();
      expect(opened(here, { ...genuine, tag: new Uint8Array(16) })).toBeNull();
      expect(unwrap).toHaveBeenCalledTimes(2 * times);
    }
    expect(opened(here, genuine)).toEqual(Buffer.from(TEXT));
    expect(unwrap).toHaveBeenCalledTimes(7);
    expect(opened(here, { ...genuine, tag: new Uint8Array(16) })).toBeNull();
    expect(unwrap).toHaveBeenCalledTimes(7);
  });

  it.each([
    "",
    "A",
    "A".repeat(53),
    "A".repeat(55),
    `${"A".repeat(53)}=`,
    `${"A".repeat(53)}B`,
    "\ud800".repeat(54),
    "__proto__",
  ])("%j is no wrapped key, and is tried with none", (wrapped) => {
    const { all, unwrap } = processes(1);
    const [here] = all as [ContentKeys];
    expect(opened(here, { ...(here.seal(TEXT) as SealedUnder), wrapped })).toBe("malformed");
    expect(unwrap).not.toHaveBeenCalled();
  });

  it("a failure of the runtime is no answer, and is not remembered", async () => {
    const [there] = processes(1).all as [ContentKeys];
    const token = there.seal(TEXT) as SealedUnder;
    const unwrap = vi.fn(async (...given: Parameters<Primitives["unwrap"]>) => node.unwrap(...given));
    unwrap.mockRejectedValueOnce(new Error("out of order"));
    const here = new ContentKeys({ key: wrapping, header: HEADER }, { ...node, unwrap });
    await expect(opened(here, token)).rejects.toThrow("out of order");
    expect(await opened(here, token)).toEqual(Buffer.from(TEXT));
  });
});
