/**
 * Checks that a contender does what it is timed for. A contender that does not is not timed.
 *
 * @module
 */
import { NAME } from "../contenders/deeds.ts";
import { type Answer, type App, cookieHeader } from "./app.ts";

/** What the check found. */
export interface Verified {
  /** The Cookie header of a session with the standard data. */
  readonly cookie: string;
  /** How many Set-Cookie lines the response to a mere read has. */
  readonly linesOnRead: number;
  /** How many altered cookies were refused. */
  readonly refused: number;
}

/** Creates, reads, alters and writes sessions, and stays anonymous. @throws Error that says what went wrong */
export async function verify(app: App): Promise<Verified> {
  const created = await answered(app, "/new");
  const cookie = cookieHeader(created.setCookie);
  expect(cookie !== "", "a new session sets a cookie");
  const read = await answered(app, "/read", cookie);
  expect(read.body === NAME, "the cookie brings the data back");
  const refused = await tamper(app, cookie);
  const written = await answered(app, "/write", cookie);
  const after = cookieHeader([...cookie.split("; "), ...written.setCookie]);
  const counted = await answered(app, "/count", after);
  expect(counted.body === written.body && written.body !== "", "what was written is read back");
  expect((await answered(app, "/read", after)).body === NAME, "what was not written stays");
  expect((await answered(app, "/read")).body === "", "without a cookie there is no session");
  expect((await answered(app, "/untouched", cookie)).body === "untouched", "untouched is answered");
  return { cookie, linesOnRead: read.setCookie.length, refused };
}

async function answered(app: App, path: string, cookie?: string): Promise<Answer> {
  const answer = await app.ask(path, cookie);
  expect(answer.status === 200, `${path} is answered with 200, not ${answer.status}`);
  return answer;
}

/** Changes one character at a time, at several places of every cookie. An error counts as a refusal. */
async function tamper(app: App, cookie: string): Promise<number> {
  const altered = new Set<string>();
  for (const pair of cookie.split("; ")) {
    const start = cookie.indexOf(pair) + pair.indexOf("=") + 1;
    const length = pair.length - pair.indexOf("=") - 1;
    for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) altered.add(withOtherLetter(cookie, start + Math.floor(length * share)));
  }
  for (const text of altered) {
    const { status, body } = await app.ask("/read", text);
    expect(!(status === 200 && body === NAME), "an altered cookie is refused");
  }
  return altered.size;
}

/** The text with another letter at the first place from `at` where a letter or digit stands. */
function withOtherLetter(text: string, at: number): string {
  let place = at;
  while (place < text.length - 1 && !/[A-Za-z0-9]/.test(text[place] as string)) place++;
  return `${text.slice(0, place)}${text[place] === "k" ? "B" : "k"}${text.slice(place + 1)}`;
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Cannot time it: it does not hold that ${what}`);
}
