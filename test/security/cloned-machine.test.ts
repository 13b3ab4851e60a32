/** A machine is cloned with all its memory after it served a request: from then on two processes know the same, and must not make the same. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { SECRET } from "../support/secrets.ts";

const { getRandomValues } = crypto;
const { generateKey } = crypto.subtle;
afterEach(drawAnew);

/** What a process made: the ids of sessions, and the content keys (wrapped) and nonces of their tokens. */
interface Made {
  readonly ids: string[];
  readonly keys: string[];
  readonly nonces: string[];
}

/** A process that has its modules to itself. Gives what serves so many new visitors. */
async function start(cryptography: "web" | "node"): Promise<(visitors: number) => Promise<Made>> {
  vi.resetModules();
  const [{ createSessions }, { nodeCrypto }] = await Promise.all([import("../../src/index.ts"), import("../../src/node.ts")]);
  const sessions = createSessions({ secrets: SECRET, ...(cryptography === "node" && { crypto: nodeCrypto }) });
  return async (visitors) => {
    const made: Made = { ids: [], keys: [], nonces: [] };
    for (let visitor = 0; visitor < visitors; visitor++) {
      const session = await sessions.load(new Request("https://app.example.com/"));
      session.data.visitor = visitor;
      made.ids.push(session.id);
      const [line = ""] = (await sessions.apply(session, new Response())).headers.getSetCookie();
      const [, key = "", nonce = ""] = line.slice(line.indexOf("=") + 1).split(".");
      made.keys.push(key);
      made.nonces.push(nonce);
    }
    return made;
  };
}

/** Two processes of one image: what was drawn before they were two is the same in both, a content key too. */
async function clones(cryptography: "web" | "node", meanwhile = () => {}): Promise<[Made, Made]> {
  const both = [];
  for (let clone = 0; clone < 2; clone++) {
    const process = await start(cryptography);
    drawTheSame();
    makeTheSameKeys();
    await process(1);
    both.push(process);
  }
  drawAnew();
  meanwhile();
  const [one, other] = both.map((process) => process(50));
  return [(await one) as Made, (await other) as Made];
}

/** Makes the runtime's generator begin anew, and always in the same way. */
function drawTheSame(): void {
  let last = 1;
  crypto.getRandomValues = ((bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; at++) {
      last = (last * 48_271) % 2_147_483_647;
      bytes[at] = last;
    }
    return bytes;
  }) as never;
}

/** The same for keys that the runtime makes. */
function makeTheSameKeys(): void {
  crypto.subtle.generateKey = ((algorithm: AesKeyAlgorithm, extractable: boolean, usages: KeyUsage[]) =>
    crypto.subtle.importKey("raw", new Uint8Array(algorithm.length / 8).fill(7), algorithm, extractable, usages)) as never;
}

function drawAnew(): void {
  crypto.getRandomValues = getRandomValues;
  crypto.subtle.generateKey = generateKey;
}

const common = (one: string[], other: string[]) => one.filter((value) => other.includes(value)).length;

describe.each(["web", "node"] as const)("D4 two processes that were cloned, on the cryptography of %s", (cryptography) => {
  it("have the earlier content key in common, and make no nonce twice", async () => {
    const [one, other] = await clones(cryptography);
    expect(new Set([...one.keys, ...other.keys]).size).toBe(1);
    expect(new Set([...one.nonces, ...other.nonces]).size).toBe(100);
  });

  it("have none in common when they begin an hour after their image was made", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const [one, other] = await clones(cryptography, () => vi.setSystemTime(Date.now() + 60 * 60 * 1000));
      expect(common(one.keys, other.keys)).toBe(0);
      expect(new Set([...one.nonces, ...other.nonces]).size).toBe(100);
    } finally {
      vi.useRealTimers();
    }
  });

  it("have at most 15 ids in common, of those that were drawn before", async () => {
    const [one, other] = await clones(cryptography);
    expect(common(one.ids, other.ids)).toBeLessThan(16);
  });
});
