/** A session in its cookie that the cookie cannot hold: the call that is awaited fails, and the handler can say so. */
import { describe, expect, it, vi } from "vitest";
import type { Session } from "../../src/index.ts";
import { nodeCrypto } from "../../src/node.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { webCrypto } from "../../src/token/web-crypto.ts";
import { makeApp, typesOf } from "../support/app.ts";

const LARGE = "x".repeat(3100);
const CALLS: [string, (session: Session) => Promise<unknown>][] = [
  ["save()", (session) => session.save()],
  ["patch()", (session) => session.patch({ essay: LARGE })],
  ["update()", (session) => session.update((data) => (data.essay = LARGE))],
];
const WAYS: [string, object][] = [
  ["in an encrypted cookie", {}],
  ["in an encrypted cookie, by Node's cryptography", { crypto: nodeCrypto }],
  ["in a signed cookie", { readable: true }],
  ["of a visitor, with a store for users", { store: memory(), anonymous: "cookie" }],
];

/** What one of the calls fails with. */
const failureOf = (calling: Promise<unknown>): Promise<unknown> =>
  calling.then(
    () => "saved",
    (error) => ({ code: error.code, message: error.message }),
  );
const TOO_LARGE = {
  code: "ERR_COOKIE_TOO_LARGE",
  message: expect.stringMatching(/^Cannot save the session in its cookie: the cookie would take \d{4} bytes .*"essay" \(3102\)/),
};

describe.each(WAYS)("a session %s", (_where, options) => {
  it.each(CALLS)("that would be too large fails at %s", async (name, call) => {
    const { answers } = makeApp(options);
    let failure: unknown;
    const answering = answers(async (session) => {
      if (name === "save()") session.data.essay = LARGE;
      failure = await failureOf(call(session));
    });
    // What save() could not write is still there for the answer to write; the others take back what they did.
    if (name === "save()") await expect(answering).rejects.toMatchObject({ code: "ERR_COOKIE_TOO_LARGE" });
    else await answering;
    expect(failure).toEqual(TOO_LARGE);
  });

  it("keeps what it had where patch() or update() fails, and reports nothing as saved", async () => {
    const { does, events } = makeApp(options);
    await does((session) => Object.assign(session.data, { theme: "dark" }));
    events.length = 0;
    for (const [, call] of CALLS.slice(1)) {
      const failure = await does((session) => failureOf(call(session)));
      expect(failure).toEqual(TOO_LARGE);
      expect({ ...(await does((session) => session.data)) }).toEqual({ theme: "dark" });
    }
    expect(typesOf(events).filter((type) => type !== "loaded")).toEqual([]);
  });

  it("can be made smaller after save() failed", async () => {
    const { does } = makeApp(options);
    await does(async (session) => {
      session.data.essay = LARGE;
      await failureOf(session.save());
      session.data.essay = "short";
    });
    expect(await does((session) => session.data.essay)).toBe("short");
  });

  it("that fits is saved by each of the calls", async () => {
    const { does } = makeApp(options);
    const essay = "x".repeat(1500);
    await does(async (session) => {
      session.data.essay = essay;
      await session.save();
      await session.patch({ theme: "dark" });
      await session.update((data) => (data.views = 1));
    });
    expect({ ...(await does((session) => session.data)) }).toEqual({ essay, theme: "dark", views: 1 });
  });
});

it("what surely fits is not sealed before the answer, and what a store holds is no cookie's matter", async () => {
  const seal = vi.spyOn(webCrypto, "seal");
  try {
    const { does } = makeApp();
    await does((session) => session.patch({ theme: "dark" }));
    expect(seal).toHaveBeenCalledTimes(1);
    await makeApp({ store: memory() }).does(async (session) => {
      session.login("alice");
      await session.patch({ essay: "x".repeat(9000) });
    });
    expect(seal).toHaveBeenCalledTimes(1);
  } finally {
    seal.mockRestore();
  }
});

it("a login or an end that comes while the size is looked at stands", async () => {
  const { does, events } = makeApp();
  const essay = "x".repeat(1500);
  await does((session) => {
    session.data.essay = essay;
    void session.save();
    session.login("alice");
  });
  expect(await does((session) => [session.subject, session.data.essay === essay])).toEqual(["alice", true]);
  expect(typesOf(events)).toEqual(["created", "regenerated", "loaded"]);
  await does((session) => {
    session.data.essay = `${essay}y`;
    void session.save();
    session.logout();
  });
  expect(await does((session) => session.isNew)).toBe(true);
});
