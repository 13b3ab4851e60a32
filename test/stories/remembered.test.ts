/** The memory of opened tokens, as an application has it without options: what is used again is not opened again, up to a bound. */
import { afterEach, expect, it, vi } from "vitest";
import { createSessions, type Sessions } from "../../src/index.ts";
import { Clock } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The cookie of a new visitor with this text in the session. */
async function visitor(sessions: Sessions, text: string): Promise<string> {
  const session = await sessions.load({ headers: new Headers() });
  session.data.text = text;
  const answer = await sessions.apply(session, new Response());
  return answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** Whether a token is opened by cryptography, or known. */
async function isOpened(sessions: Sessions, Cookie: string): Promise<boolean> {
  const decrypt = vi.spyOn(crypto.subtle, "decrypt");
  const session = await sessions.load({ headers: new Headers({ Cookie }) });
  expect(session.isNew).toBe(false);
  const { length } = decrypt.mock.calls;
  decrypt.mockRestore();
  return length > 0;
}

const make = (options: object = {}) => createSessions({ secrets: SECRET, now: new Clock().now, ...options });

it("holds 1,000 tokens at most, and those used last", async () => {
  const sessions = make();
  const first = await visitor(sessions, "first");
  for (let count = 0; count < 400; count++) await visitor(sessions, "small");
  expect(await isOpened(sessions, first)).toBe(false);
  for (let count = 0; count < 1100; count++) await visitor(sessions, "small");
  expect(await isOpened(sessions, first)).toBe(true);
  expect(await isOpened(sessions, first)).toBe(false);
});

it("holds 2 MB at most, whatever the number", async () => {
  const sessions = make();
  const first = await visitor(sessions, "first");
  const large = "x".repeat(2500);
  for (let count = 0; count < 80; count++) await visitor(sessions, large);
  expect(await isOpened(sessions, first)).toBe(false);
  for (let count = 0; count < 300; count++) await visitor(sessions, large);
  expect(await isOpened(sessions, first)).toBe(true);
});

it("is as large as the option rememberTokens says, and may be none", async () => {
  const few = make({ rememberTokens: 10 });
  const first = await visitor(few, "first");
  expect(await isOpened(few, first)).toBe(false);
  for (let count = 0; count < 11; count++) await visitor(few, "small");
  expect(await isOpened(few, first)).toBe(true);
  const none = make({ rememberTokens: 0 });
  const own = await visitor(none, "own");
  for (const _time of [1, 2]) expect(await isOpened(none, own)).toBe(true);
});
